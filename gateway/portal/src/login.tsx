// SPDX-License-Identifier: EUPL-1.2
import { useEffect, useState } from "preact/hooks";
import { ReasonCode } from "../gen/sluss/v1/common_pb";
import { SessionKind } from "../gen/sluss/v1/session_pb";
import { type Fault, faultOf } from "./faults";
import { isLanguage, language, setLanguage, t } from "./i18n";
import { route } from "./route";
import { beginLogin, enterCode, finishLogin, forget, issuers, session } from "./session";
import { signal } from "./signal";
import { Button, Loading, Name, Problem, Title, useLoaded } from "./ui/parts";

// What came of a login with a provider, said on the page that one comes back to. Undefined: nothing to say.
export const comeBackFault = signal<Fault | undefined>(undefined);

function said(text: string): Fault {
  return { text, unknown: false, over: false, reason: ReasonCode.UNSPECIFIED };
}

// Back from the provider, with what stands in the address (OpenID Connect Core 1.0 sections 3.1.2.5 and 3.1.2.6).
export async function comeBack(answer: URLSearchParams): Promise<void> {
  const code = answer.get("code");
  try {
    if (code === null) comeBackFault.value = said(t("The login was broken off. Nobody is logged in. You can begin again."));
    else if (!(await finishLogin(code, answer.get("state") ?? "")))
      comeBackFault.value = said(t("This login was not begun in this window, so nobody is logged in. Begin here."));
  } catch (error) {
    const fault = faultOf(error);
    comeBackFault.value = fault.reason === ReasonCode.LOGIN_REFUSED ? said(t("The login was not accepted. Nobody is logged in. Try again, or ask for help to log in.")) : fault;
  }
  if (code === null || comeBackFault.value) forget();
}

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
  const { path } = route.use();
  useEffect(() => {
    if (path[0] === "code") setCode(scanned()); // the next person's, scanned while this page was open
  }, [path]);
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
  const before = comeBackFault.use();
  const begin = (issuerId: string, authority: string) => {
    comeBackFault.value = undefined;
    beginLogin(issuerId, authority, language.value).catch((e: unknown) => setFault(faultOf(e)));
  };
  return (
    <div class="page stack">
      <Title>{t("Log in")}</Title>
      <Problem fault={before} />
      <Loading of={choices}>
        {(list) => (
          <>
            {list.issuers.map((i) => (
              <Button key={i.issuerId} kind={i.kind === SessionKind.PERSON ? "primary" : "secondary"}
                onClick={() => begin(i.issuerId, list.authority)}>
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
