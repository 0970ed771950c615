// SPDX-License-Identifier: EUPL-1.2
import { useState } from "preact/hooks";
import { SessionKind } from "../gen/sluss/v1/session_pb";
import { type Fault, faultOf } from "./faults";
import { isLanguage, language, setLanguage, t } from "./i18n";
import { route } from "./route";
import { beginLogin, enterCode, issuers, session } from "./session";
import { Button, Loading, Name, Problem, Title, useLoaded } from "./ui/parts";

// The code from a QR code's address ("#/code/..."); it does not stay in the browser's history.
function scanned(): string {
  const [kind, code = ""] = route.value.path;
  if (kind !== "code") return "";
  history.replaceState(null, "", "/");
  route.value = { path: [], query: new URLSearchParams() };
  return code;
}

function CodeForm({ authority }: { authority: string }) {
  const [code, setCode] = useState(scanned);
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState<Fault>();
  async function submit(e: Event) {
    e.preventDefault();
    setBusy(true);
    setFault(undefined);
    try {
      await enterCode(code, authority);
      const spoken = session.value?.language.slice(0, 2) ?? "";
      if (isLanguage(spoken)) await setLanguage(spoken);
    } catch (error) {
      setFault(faultOf(error));
    }
    setBusy(false);
  }
  return (
    <form class="stack" onSubmit={(e) => void submit(e)} autocomplete="off">
      <div class="ds-field">
        <label class="ds-label" for="code">
          {t("Code from your paper")}
        </label>
        <input class="ds-input" id="code" name="code" value={code} onInput={(e) => setCode(e.currentTarget.value)} autocapitalize="characters" autocomplete="off"
          spellcheck={false} dir="ltr" required minLength={22} aria-describedby="code-help" />
        <p class="quiet" id="code-help">
          {t("22 letters and numbers. It works once.")}
        </p>
      </div>
      <Problem fault={fault} />
      <Button submit busy={busy}>
        {t("Log in with the code")}
      </Button>
    </form>
  );
}

export function Login() {
  const choices = useLoaded(issuers, "issuers");
  const [fault, setFault] = useState<Fault>();
  return (
    <div class="page stack">
      <Title>{t("Log in")}</Title>
      <Loading of={choices}>
        {(list) => (
          <>
            {list.issuers.map((i) => (
              <Button key={i.issuerId} kind={i.kind === SessionKind.PERSON ? "primary" : "secondary"}
                onClick={() => void beginLogin(i.issuerId, list.authority, language.value).catch((e: unknown) => setFault(faultOf(e)))}>
                {t("Log in with")} <Name>{i.displayName}</Name>
              </Button>
            ))}
            <Problem fault={fault} />
            {list.codes && <CodeForm authority={list.authority} />}
          </>
        )}
      </Loading>
    </div>
  );
}
