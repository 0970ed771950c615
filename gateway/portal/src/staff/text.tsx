// SPDX-License-Identifier: EUPL-1.2
// The text of a question, as it is read by, or to, who is asked: its hash goes into the record, and a QR code on the paper says which text it was.
import { type Purpose } from "../../gen/sluss/v1/common_pb";
import { t, type Texts } from "../i18n";
import { Button, Loading, Name, useLoaded } from "../ui/parts";
import { categoryIn, purposeIn } from "../words";
import { dayText } from "./clients";
import { agencyName } from "./names";
import { type Known } from "./persons";
import { Qr } from "./qr";

export const TEXT_VERSION = "2026-1-form"; // its words are not those of core's own question (`version.question`)

// One question of the form.
export interface Draft {
  id: string;
  category: string;
  sender: string;
  receivers: string[];
  purpose: string;
  from: string;
  until: string;
  marked: boolean;
}

export function draft(from: Date): Draft {
  return { id: crypto.randomUUID(), category: "", sender: "", receivers: [], purpose: "", from: dayText(from), until: "", marked: false };
}

function complete(d: Draft): boolean {
  return d.category !== "" && d.sender !== "" && d.receivers.length > 0 && d.purpose !== "" && d.from !== "" && d.until !== "";
}

function questions(texts: Texts, drafts: Draft[]): string[] {
  return drafts.filter(complete).map((d) =>
    texts.t("{sender} may share {what} with {receivers}, {purpose}, from {from} until {until}.", {
      sender: agencyName(d.sender), what: categoryIn(d.category, texts.t), receivers: d.receivers.map(agencyName).join(", "), purpose: purposeIn(Number(d.purpose) as Purpose, texts.t),
      from: texts.date(new Date(d.from)), until: texts.date(new Date(d.until)),
    }),
  );
}

export function consentText(texts: Texts, drafts: Draft[]): string {
  return [...questions(texts, drafts), texts.t("You may say no. You may stop it whenever you want, without saying why.")].join("\n");
}

export async function hashOf(text: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
}

async function check(texts: Texts, text: string): Promise<string> {
  return `sluss:text:${TEXT_VERSION}:${texts.code}:${[...(await hashOf(text))].map((b) => b.toString(16).padStart(2, "0")).join("")}`;
}

function CheckCode({ texts, text }: { texts: Texts; text: string }) {
  const code = useLoaded(() => check(texts, text), text);
  return <Loading of={code}>{(found) => <Qr text={found} label={t("QR code for checking this paper")} />}</Loading>;
}

// On the screen the text and its code; on paper also a line to answer on for each person and question.
export function ConsentText({ texts, drafts, who }: { texts: Texts; drafts: Draft[]; who: Known[] }) {
  const text = consentText(texts, drafts);
  const lines = questions(texts, drafts);
  return (
    <section class="stack sheet" aria-labelledby="consent-text">
      <div class="stack" lang={texts.code} dir={texts.code === "ar" ? "rtl" : "ltr"}>
        <h2 class="ds-heading" data-size="xs" id="consent-text">
          {texts.t("The text that is asked, version {version}", { version: TEXT_VERSION })}
        </h2>
        {text.split("\n").map((line, i) => (
          <div key={line} class="stack">
            <p>{line}</p>
            {i < lines.length &&
              who.map((p) => (
                <p key={p.id} class="print-only answer">
                  <Name>{p.name}</Name>: ☐ {texts.t("Yes")} ☐ {texts.t("No")}
                </p>
              ))}
          </div>
        ))}
        {who.map((p) => (
          <p key={p.id} class="print-only signature">
            {texts.t("Date and signature")}, <Name>{p.name}</Name>:
          </p>
        ))}
      </div>
      {lines.length > 0 && <CheckCode key={`${texts.code} ${text}`} texts={texts} text={text} />}
      <div class="no-print">
        <Button kind="secondary" small onClick={() => print()}>
          {t("Print")}
        </Button>
      </div>
    </section>
  );
}
