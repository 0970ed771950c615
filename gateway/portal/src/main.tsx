// SPDX-License-Identifier: EUPL-1.2
// The frame of every page: language, who is logged in, leaving; and which pages follow.
import { render } from "preact";
import { lazy } from "./lazy";
import { SessionKind } from "../gen/sluss/v1/session_pb";
import { isLanguage, LANGUAGES, language, setLanguage, t } from "./i18n";
import { leave } from "./leave";
import { comeBack, Login } from "./login";
import { route } from "./route";
import { logout, resume, session } from "./session";
import { Button, Name } from "./ui/parts";

const Person = lazy(() => import("./person/pages").then((m) => m.PersonPages));
const Staff = lazy(() => import("./staff/pages").then((m) => m.StaffPages));
const Auditor = lazy(() => import("./auditor/pages").then((m) => m.AuditorPages));
const Accessibility = lazy(() => import("./accessibility").then((m) => m.Accessibility));

function LanguageChoice() {
  return (
    <select class="ds-input" data-size="sm" aria-label={t("Language")} value={language.value} onChange={(e) => void setLanguage(e.currentTarget.value as typeof language.value)}>
      {LANGUAGES.map((l) => (
        <option key={l.code} value={l.code} lang={l.code}>
          {l.name}
        </option>
      ))}
    </select>
  );
}

function WhoIsHere() {
  const current = session.value;
  if (!current) return null;
  const name = current.kind === SessionKind.STAFF ? `${current.officerId} (${current.agencyId})` : current.name;
  return (
    <div class="row who">
      <span>
        {t("Logged in:")} <strong><Name>{name}</Name></strong>
      </span>
      <Button kind="tertiary" small onClick={() => void logout()}>
        {t("Log out")}
      </Button>
    </div>
  );
}

function Pages() {
  const current = session.use();
  const { path } = route.use();
  if (path[0] === "accessibility") return <Accessibility />;
  if (!current) return <Login />;
  if (current.kind === SessionKind.PERSON) return <Person />;
  return current.auditor ? <Auditor /> : <Staff />;
}

function App() {
  const code = language.use();
  session.use();
  return (
    <div key={code}>
      <a class="ds-skip-link no-print" href="#main">
        {t("To the content")}
      </a>
      <header class="bar no-print">
        <LanguageChoice />
        <WhoIsHere />
        <span class="leave">
          <Button kind="secondary" small danger onClick={leave}>
            {t("Leave this page")}
          </Button>
        </span>
      </header>
      <main id="main">
        <Pages />
      </main>
      <footer class="page quiet no-print">
        <a class="ds-link" href="#/accessibility">
          {t("Accessibility")}
        </a>
      </footer>
    </div>
  );
}

async function start() {
  const asked = new URLSearchParams(location.search);
  const wanted = navigator.languages.map((l) => l.slice(0, 2)).find(isLanguage) ?? "sv";
  await setLanguage(wanted);
  if (location.pathname === "/login/return") {
    history.replaceState(null, "", "/"); // the code is of no use to anybody who reads the address
    await comeBack(asked);
  } else {
    await resume();
  }
  const spoken = session.value?.language.slice(0, 2) ?? "";
  if (isLanguage(spoken)) await setLanguage(spoken);
  const root = document.getElementById("app");
  if (root) {
    root.replaceChildren();
    render(<App />, root);
  }
}

void start();
