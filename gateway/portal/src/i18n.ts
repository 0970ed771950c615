// SPDX-License-Identifier: EUPL-1.2
// Texts, dates and numbers in the person's language. Catalogues are loaded when they are needed.
import { signal } from "./signal";

export type Language = "sv" | "en" | "ar" | "so";
export const LANGUAGES: readonly { code: Language; name: string }[] = [
  { code: "sv", name: "Svenska" },
  { code: "en", name: "English" },
  { code: "ar", name: "العربية" },
  { code: "so", name: "Soomaali" },
];

type Catalogue = Record<string, string | string[]>;
const loaders: Record<Language, () => Promise<{ default: Catalogue }>> = {
  sv: () => import("../gen/catalogues/sv.json") as unknown as Promise<{ default: Catalogue }>,
  en: () => import("../gen/catalogues/en.json") as unknown as Promise<{ default: Catalogue }>,
  ar: () => import("../gen/catalogues/ar.json") as unknown as Promise<{ default: Catalogue }>,
  so: () => import("../gen/catalogues/so.json") as unknown as Promise<{ default: Catalogue }>,
};

let catalogue: Catalogue = {};
let plurals: Intl.PluralRules = new Intl.PluralRules("sv");
let categories: string[] = [];
export const language = signal<Language>("sv");

export function isLanguage(text: string): text is Language {
  return LANGUAGES.some((l) => l.code === text);
}

// Western digits in every language: personal numbers, receipts and dates are compared with paper.
function locale(code: Language = language.value): string {
  return code === "ar" ? "ar-u-nu-latn-ca-gregory" : code === "so" ? "so-SO" : code === "en" ? "en-GB" : "sv-SE";
}

export async function setLanguage(code: Language): Promise<void> {
  catalogue = (await loaders[code]()).default;
  plurals = new Intl.PluralRules(code);
  categories = ["zero", "one", "two", "few", "many", "other"].filter((c) => plurals.resolvedOptions().pluralCategories.includes(c as Intl.LDMLPluralRule));
  document.documentElement.lang = code;
  document.documentElement.dir = code === "ar" ? "rtl" : "ltr";
  language.value = code;
}

function fill(text: string, args: Record<string, string | number>): string {
  // What is put in is isolated for direction (Unicode UAX 9, FSI and PDI).
  return text.replace(/\{([a-z_]+)\}/g, (_, name: string) => `\u2068${args[name] ?? ""}\u2069`);
}

// The text for a key; {name} is replaced by args.name.
export function t(key: string, args: Record<string, string | number> = {}): string {
  const text = catalogue[key];
  return fill(typeof text === "string" ? text : key, args);
}

// The form of a text that fits the count; {count} is the count.
export function tn(one: string, other: string, count: number): string {
  const forms = catalogue[one];
  const form = Array.isArray(forms) ? forms[categories.indexOf(plurals.select(count))] : undefined;
  return fill(form ?? (count === 1 ? one : other), { count: new Intl.NumberFormat(locale()).format(count) });
}

// Texts in another language than the page's: what is printed for somebody who reads that one.
export interface Texts {
  code: Language;
  t: (key: string, args?: Record<string, string | number>) => string;
  date: (at: Date) => string;
}

export async function textsIn(code: Language): Promise<Texts> {
  const found = (await loaders[code]()).default;
  return {
    code,
    t(key, args = {}) {
      const text = found[key];
      return fill(typeof text === "string" ? text : key, args);
    },
    date: (at) => new Intl.DateTimeFormat(locale(code), { dateStyle: "long", timeZone: "Europe/Stockholm" }).format(at),
  };
}

// Marks a text for the catalogues that is translated later.
export function mark(key: string): string {
  return key;
}

// Browsers know no Somali dates: they would show "2026 M03 2".
const SOMALI = ["Janaayo", "Febraayo", "Maarso", "Abriil", "Maajo", "Juun", "Luulyo", "Ogosto", "Sebtembar", "Oktoobar", "Nofembar", "Desembar"];
function somali(at: Date, time: boolean): string {
  const parts = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "numeric", year: "numeric", hour: "2-digit", minute: "2-digit", timeZone: "Europe/Stockholm" }).formatToParts(at);
  const part = (type: Intl.DateTimeFormatPartTypes) => parts.find((p) => p.type === type)?.value ?? "";
  return `${Number(part("day"))} ${SOMALI[Number(part("month")) - 1]} ${part("year")}${time ? `, ${part("hour")}:${part("minute")}` : ""}`;
}

export function date(at: Date): string {
  if (language.value === "so") return somali(at, false);
  return new Intl.DateTimeFormat(locale(), { dateStyle: "long", timeZone: "Europe/Stockholm" }).format(at);
}

export function dateTime(at: Date): string {
  if (language.value === "so") return somali(at, true);
  return new Intl.DateTimeFormat(locale(), { dateStyle: "long", timeStyle: "short", timeZone: "Europe/Stockholm" }).format(at);
}

export function number(value: number): string {
  return new Intl.NumberFormat(locale()).format(value);
}
