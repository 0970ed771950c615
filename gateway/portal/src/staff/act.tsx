// SPDX-License-Identifier: EUPL-1.2
// Doing something that may fail, with the button and what went wrong in one place.
import { type ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { type Fault } from "../faults";
import { t } from "../i18n";
import { Alert, Button, Problem } from "../ui/parts";
import { answered } from "./clients";
import { staffFault } from "./reasons";

export interface Acting {
  busy: boolean;
  fault: Fault | undefined;
  done: boolean;
  run: (what: () => Promise<void>) => void;
}

export function useAct(): Acting {
  const [state, setState] = useState<{ busy: boolean; fault: Fault | undefined; done: boolean }>({ busy: false, fault: undefined, done: false });
  return {
    ...state,
    run(what) {
      setState({ busy: true, fault: undefined, done: false });
      what().then(
        () => {
          answered();
          setState({ busy: false, fault: undefined, done: true });
        },
        (error: unknown) => {
          const fault = staffFault(error);
          if (!fault.unknown) answered();
          setState({ busy: false, fault, done: false });
        },
      );
    },
  };
}

// What went wrong; and when no answer came, that nobody knows.
export function Failed({ fault }: { fault: Fault | undefined }) {
  return fault?.unknown ? (
    <Alert kind="warning">{t("We do not know whether it was recorded: no answer came. Press the button again. It is safe to press it several times.")}</Alert>
  ) : (
    <Problem fault={fault} />
  );
}

// A form that does one thing.
export function ActForm({ label, button, danger, what, children }: { label: string; button: string; danger?: boolean; what: () => Promise<void>; children: ComponentChildren }) {
  const act = useAct();
  return (
    <form
      class="stack act"
      aria-label={label}
      onSubmit={(e) => {
        e.preventDefault();
        act.run(what);
      }}
    >
      {children}
      <Failed fault={act.fault} />
      {act.done && <Alert kind="success">{t("Done. It is in the log.")}</Alert>}
      <div>
        <Button submit danger={danger ?? false} busy={act.busy}>
          {button}
        </Button>
      </div>
    </form>
  );
}
