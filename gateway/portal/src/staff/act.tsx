// SPDX-License-Identifier: EUPL-1.2
// Doing something that may fail, with the button and what went wrong in one place.
import { type ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { type Fault, faultOf } from "../faults";
import { t } from "../i18n";
import { Alert, Button, Problem } from "../ui/parts";

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
        () => setState({ busy: false, fault: undefined, done: true }),
        (error: unknown) => setState({ busy: false, fault: faultOf(error), done: false }),
      );
    },
  };
}

// A form that does one thing.
export function ActForm({ label, button, danger, what, children }: { label: string; button: string; danger?: boolean; what: () => Promise<void>; children: ComponentChildren }) {
  const act = useAct();
  return (
    <form
      class="stack"
      aria-label={label}
      onSubmit={(e) => {
        e.preventDefault();
        act.run(what);
      }}
    >
      {children}
      <Problem fault={act.fault} />
      {act.done && <Alert kind="success">{t("Done. It is in the log.")}</Alert>}
      <div>
        <Button submit danger={danger ?? false} busy={act.busy}>
          {button}
        </Button>
      </div>
    </form>
  );
}
