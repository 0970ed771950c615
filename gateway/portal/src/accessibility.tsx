// SPDX-License-Identifier: EUPL-1.2
// The accessibility statement.
import { t } from "./i18n";
import { Link, Title } from "./ui/parts";

export function Accessibility() {
  return (
    <div class="page stack">
      <Title>{t("Accessibility")}</Title>
      <p>{t("These pages are made to follow WCAG 2.2 on level AA. They work with a keyboard, a screen reader, enlarged text and on small screens.")}</p>
      <p>{t("They are checked by machine in four languages, at two widths, each time they are changed. No person with a disability has tested them yet.")}</p>
      <p>{t("Tell your coordinator if something does not work for you. You can always get the same help on paper or by talking.")}</p>
      <Link to="#/">{t("Back")}</Link>
    </div>
  );
}
