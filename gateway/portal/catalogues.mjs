// SPDX-License-Identifier: EUPL-1.2
// Texts for persons: gettext catalogues (locale/LANGUAGE.po) against what the source asks for. Keys are the English texts; t("...") and tn("one", "other", count) in
// src/ ask for them. A text that a catalogue lacks, a plural form too few, a placeholder that does not match, a text that nobody asks for: the build fails.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import gettextParser from "gettext-parser";

export const LANGUAGES = ["sv", "en", "ar", "so"];

function sources(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((e) =>
    e.isDirectory() ? sources(join(folder, e.name)) : /\.tsx?$/.test(e.name) ? [join(folder, e.name)] : [],
  );
}

const TEXT = `"((?:[^"\\\\]|\\\\.)*)"`;

// Key -> null, or the plural text.
export function askedFor() {
  const asked = new Map();
  for (const file of sources("src")) {
    const source = readFileSync(file, "utf8");
    for (const m of source.matchAll(new RegExp(`\\b(?:t|mark)\\(\\s*${TEXT}`, "g"))) asked.set(JSON.parse(`"${m[1]}"`), null);
    for (const m of source.matchAll(new RegExp(`\\btn\\(\\s*${TEXT}\\s*,\\s*${TEXT}`, "g"))) asked.set(JSON.parse(`"${m[1]}"`), JSON.parse(`"${m[2]}"`));
  }
  return asked;
}

function placeholders(text) {
  return [...new Set(text.match(/\{[a-z_]+\}/g) ?? [])].sort().join(" ");
}

// How many plural forms a language has, in gettext's order, which is CLDR's: zero one two few many other.
export function pluralCategories(language) {
  return ["zero", "one", "two", "few", "many", "other"].filter((c) => new Intl.PluralRules(language).resolvedOptions().pluralCategories.includes(c));
}

function check(language, key, plural, translated, faults) {
  const forms = plural === null ? 1 : pluralCategories(language).length;
  if (translated === undefined || translated.length !== forms || translated.some((f) => f === "")) {
    faults.push(`${language}.po: "${key}" needs ${forms} form${forms > 1 ? "s" : ""}`);
    return;
  }
  for (const form of translated) {
    // A form for exactly none, one or two may leave the number out.
    const may = [placeholders(key), placeholders(plural ?? key), placeholders((plural ?? key).replaceAll("{count}", ""))];
    if (!may.includes(placeholders(form))) faults.push(`${language}.po: "${key}": the placeholders of "${form}" are others`);
  }
}

// Language -> {text: string | string[]}. English needs no entry where the key is the text.
export function compileCatalogues() {
  const asked = askedFor();
  const faults = [];
  const compiled = {};
  for (const language of LANGUAGES) {
    const entries = gettextParser.po.parse(readFileSync(`locale/${language}.po`)).translations[""] ?? {};
    const catalogue = {};
    for (const [key, plural] of asked) {
      let translated = entries[key]?.msgstr;
      if (language === "en" && translated === undefined) translated = plural === null ? [key] : [key, plural];
      check(language, key, plural, translated, faults);
      if (translated) catalogue[key] = plural === null ? translated[0] : translated;
    }
    for (const key of Object.keys(entries)) if (key !== "" && !asked.has(key)) faults.push(`${language}.po: nobody asks for "${key}"`);
    compiled[language] = catalogue;
  }
  if (faults.length > 0) throw new Error(`catalogues:\n  ${faults.join("\n  ")}`);
  return compiled;
}
