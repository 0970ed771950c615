// SPDX-License-Identifier: EUPL-1.2
import { t } from "../i18n";
import { Title } from "../ui/parts";

export function AuditorPages() {
  return (
    <div class="page stack">
      <Title>{t("Nothing here")}</Title>
    </div>
  );
}
