// SPDX-License-Identifier: EUPL-1.2
// Pages that are loaded when they are needed.
import { type ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { t } from "./i18n";

export function lazy(load: () => Promise<ComponentType>): ComponentType {
  let loaded: ComponentType | undefined;
  return function Lazy() {
    const [Page, setPage] = useState<ComponentType | undefined>(() => loaded);
    const [failed, setFailed] = useState(false);
    useEffect(() => {
      if (loaded) return;
      load().then(
        (page) => {
          loaded = page;
          setPage(() => page);
        },
        () => setFailed(true),
      );
    }, []);
    if (failed) return <p role="alert">{t("There is no answer now. Try again in a while.")}</p>;
    return Page ? <Page /> : <p role="status">{t("One moment")}</p>;
  };
}

