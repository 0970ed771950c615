// SPDX-License-Identifier: EUPL-1.2
// Small parts of every page.
import { type ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { type Fault, faultOf } from "../faults";
import { t } from "../i18n";
import { session } from "../session";

// A name or id from outside: isolated for direction, never markup.
export function Name({ children }: { children: string }) {
  return <bdi>{children}</bdi>;
}

export function Alert({ kind, children }: { kind: "info" | "success" | "warning" | "danger"; children: ComponentChildren }) {
  return (
    <div class="ds-alert" data-color={kind} role={kind === "danger" || kind === "warning" ? "alert" : "status"}>
      {children}
    </div>
  );
}

export function Problem({ fault }: { fault: Fault | undefined }) {
  return fault === undefined ? null : <Alert kind="danger">{fault.text}</Alert>;
}

// The heading of a page; takes the focus when the page comes, so that a screen reader reads it.
export function Title({ children }: { children: ComponentChildren }) {
  const here = useRef<HTMLHeadingElement>(null);
  useEffect(() => here.current?.focus(), []);
  return (
    <h1 class="ds-heading" data-size="lg" tabIndex={-1} ref={here}>
      {children}
    </h1>
  );
}

export function Button(props: { onClick?: () => void; kind?: "primary" | "secondary" | "tertiary"; danger?: boolean; small?: boolean; busy?: boolean; submit?: boolean; label?: string; children: ComponentChildren }) {
  return (
    <button class="ds-button" type={props.submit ? "submit" : "button"} data-variant={props.kind ?? "primary"} {...(props.danger ? { "data-color": "danger" } : {})} {...(props.small ? { "data-size": "sm" } : {})}
      {...(props.label ? { "aria-label": props.label } : {})} disabled={props.busy ?? false} aria-busy={props.busy ?? false} onClick={props.onClick}>
      {props.children}
    </button>
  );
}

export function Link({ to, children, kind, small }: { to: string; children: ComponentChildren; kind?: "primary" | "secondary" | "tertiary"; small?: boolean }) {
  return kind ? (
    <a class="ds-button" data-variant={kind} {...(small ? { "data-size": "sm" } : {})} href={to}>
      {children}
    </a>
  ) : (
    <a class="ds-link" href={to}>
      {children}
    </a>
  );
}

// Which of a few pages is shown; `pairs`: two in a row on a phone.
export function Tabs({ label, pages, pairs }: { label: string; pairs?: boolean; pages: { to: string; text: string; here: boolean }[] }) {
  return (
    <nav aria-label={label} class={pairs ? "row tabs pairs no-print" : "row tabs no-print"}>
      {pages.map((p) => (
        <a key={p.to} class="ds-button" data-size="sm" data-variant={p.here ? "primary" : "tertiary"} aria-current={p.here ? "page" : undefined} href={p.to}>
          {p.text}
        </a>
      ))}
    </nav>
  );
}

export interface Loaded<T> {
  value: T | undefined;
  fault: Fault | undefined;
  again: () => void;
}

// Loads once, and again when asked. What comes late for an older question is dropped.
export function useLoaded<T>(load: () => Promise<T>, key: string): Loaded<T> {
  const [state, setState] = useState<{ value: T | undefined; fault: Fault | undefined }>({ value: undefined, fault: undefined });
  const [round, setRound] = useState(0);
  useEffect(() => {
    let mine = true;
    load().then(
      (value) => mine && setState({ value, fault: undefined }),
      (error: unknown) => {
        const fault = faultOf(error);
        if (fault.over) session.value = undefined;
        if (mine) setState({ value: undefined, fault });
      },
    );
    return () => {
      mine = false;
    };
  }, [key, round]);
  return { ...state, again: () => setRound((n) => n + 1) };
}

export function Loading<T>({ of, children }: { of: Loaded<T>; children: (value: T) => ComponentChildren }) {
  if (of.fault)
    return (
      <div class="stack">
        <Problem fault={of.fault} />
        <Button kind="secondary" onClick={of.again}>
          {t("Try again")}
        </Button>
      </div>
    );
  if (of.value === undefined) return <p role="status">{t("One moment")}</p>;
  return <>{children(of.value)}</>;
}

export interface Page<R> {
  rows: R[];
  next: string;
}

// A list that comes page by page: what there is, and a button for more.
export function Paged<R>({ load, none, children }: { load: (token: string) => Promise<Page<R>>; none: string; children: (rows: R[]) => ComponentChildren }) {
  const first = useLoaded(() => load(""), "first");
  const [more, setMore] = useState<Page<R>>();
  const [fault, setFault] = useState<Fault>();
  const [busy, setBusy] = useState(false);
  async function next(rows: R[], from: string) {
    setBusy(true);
    setFault(undefined);
    try {
      const page = await load(from);
      setMore({ rows: [...rows, ...page.rows], next: page.next });
    } catch (error) {
      setFault(faultOf(error));
    }
    setBusy(false);
  }
  return (
    <Loading of={first}>
      {(page) => {
        const seen = more ?? page;
        return (
          <div class="stack">
            {seen.rows.length === 0 ? <p>{none}</p> : children(seen.rows)}
            <Problem fault={fault} />
            {seen.next !== "" && (
              <Button kind="secondary" busy={busy} onClick={() => void next(seen.rows, seen.next)}>
                {t("Show more")}
              </Button>
            )}
          </div>
        );
      }}
    </Loading>
  );
}

// A labelled field of a form.
export function Field(props: { id: string; label: string; value: string; onValue: (value: string) => void; type?: "text" | "date" | "datetime-local"; choices?: { value: string; text: string }[]; required?: boolean; rows?: number }) {
  // What is being typed and is not the value yet: drawing the form anew must not take it away.
  const [typed, setTyped] = useState<string>();
  const common = { id: props.id, class: "ds-input", value: props.value, required: props.required ?? false };
  return (
    <div class="ds-field">
      <label class="ds-label" for={props.id}>
        {props.label}
      </label>
      {props.choices ? (
        <select {...common} onChange={(e) => props.onValue(e.currentTarget.value)}>
          {props.choices.map((c) => (
            <option key={c.value} value={c.value}>
              {c.text}
            </option>
          ))}
        </select>
      ) : props.rows ? (
        <textarea {...common} rows={props.rows} maxLength={2000} onInput={(e) => props.onValue(e.currentTarget.value)} />
      ) : (
        <input {...common} value={typed ?? props.value} type={props.type ?? "text"} autocomplete="off" onInput={(e) => setTyped(e.currentTarget.value)}
          onChange={(e) => {
            setTyped(undefined);
            props.onValue(e.currentTarget.value);
          }} />
      )}
    </div>
  );
}
