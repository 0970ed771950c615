// SPDX-License-Identifier: EUPL-1.2
// A giver's copy of a consent, to be printed: in the giver's language, with a QR code by which it can be checked.
import { useState } from "preact/hooks";
import { isLanguage, LANGUAGES, t } from "../i18n";
import { href } from "../route";
import { session } from "../session";
import { Button, Field, Link, Loading, useLoaded } from "../ui/parts";
import { consents } from "./clients";
import { type Known } from "./persons";
import { Qr } from "./qr";

async function hex(octets: Uint8Array): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", octets as Uint8Array<ArrayBuffer>));
  return [...hash].map((b) => b.toString(16).padStart(2, "0")).join("");
}

// What the QR code says: which log, which entry, and the entry's fingerprint, as on the paper itself. Nothing of the person or the case.
async function load(consentId: string, personId: string, language: string) {
  const copy = await consents.getReceipt({ consentId, personId, language });
  const receipt = copy.receipt;
  return { text: copy.text, check: receipt ? `sluss:receipt:${session.value?.authority ?? ""}:${receipt.logIndex}:${await hex(receipt.logEntry)}` : "" };
}

function Copy({ consentId, personId, language }: { consentId: string; personId: string; language: string }) {
  const copy = useLoaded(() => load(consentId, personId, language), language);
  return (
    <Loading of={copy}>
      {({ text, check }) => (
        <div class="stack sheet" lang={language} dir={language === "ar" ? "rtl" : "ltr"}>
          <div class="plain" id="copy">
            {text}
          </div>
          {check !== "" && <Qr text={check} label={t("QR code for checking this paper")} />}
        </div>
      )}
    </Loading>
  );
}

export function ConsentCopy({ consentId, personId, caseId, persons, language }: { consentId: string; personId: string; caseId: string; persons: Known[]; language: string }) {
  const [chosen, setChosen] = useState(isLanguage(language.slice(0, 2)) ? language.slice(0, 2) : "sv");
  return (
    <>
      <h2 class="ds-heading no-print" data-size="sm">
        {t("A copy for {name}", { name: persons.find((p) => p.id === personId)?.name ?? personId })}
      </h2>
      <div class="no-print">
        <Field id="copy-language" label={t("Language of the copy")} value={chosen} onValue={setChosen} choices={LANGUAGES.map((l) => ({ value: l.code, text: l.name }))} />
      </div>
      <Copy key={chosen} consentId={consentId} personId={personId} language={chosen} />
      <div class="row no-print">
        <Button onClick={() => print()}>{t("Print")}</Button>
        <Link kind="secondary" to={href("case", caseId, "grants")}>
          {t("Consents")}
        </Link>
      </div>
    </>
  );
}
