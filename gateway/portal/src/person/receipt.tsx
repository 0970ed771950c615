// SPDX-License-Identifier: EUPL-1.2
// A receipt: numbered, with the gateway's own time, in words that the gateway wrote; when it is printed nothing else is.
import { type Timestamp, timestampDate } from "@bufbuild/protobuf/wkt";
import { type PersonCase } from "../../gen/sluss/v1/person_pb";
import { dateTime, language, t } from "../i18n";
import { href } from "../route";
import { Button, Link, Loading, Title, useLoaded } from "../ui/parts";
import { person } from "./pages";

function Numbered({ number, at }: { number: string; at: Timestamp | undefined }) {
  return (
    <dl class="facts no-print">
      <dt>{t("Receipt")}</dt>
      <dd>
        <bdi class="number">{number}</bdi>
      </dd>
      <dt>{t("When")}</dt>
      <dd>{at && dateTime(timestampDate(at))}</dd>
    </dl>
  );
}

// `number` and `at`, when the act was answered just now: it was done, whatever becomes of the text.
export function Receipt({ current, requestId, number, at, own }: { current: PersonCase; requestId: string; number?: string; at?: Timestamp | undefined; own: string }) {
  const found = useLoaded(() => person.getReceipt({ caseId: current.caseId, requestId, language: language.value }), requestId);
  const known = number ?? found.value?.receiptNumber;
  return (
    <div class="receipt stack">
      {known !== undefined && <Numbered number={known} at={at ?? found.value?.at} />}
      <Loading of={found}>{(receipt) => <div class="ds-card words" data-color="neutral">{receipt.text}</div>}</Loading>
      <div class="row no-print">
        {found.value && <Button onClick={() => print()}>{t("Print")}</Button>}
        <Link kind="secondary" to={href(own)}>
          {t("Back")}
        </Link>
      </div>
    </div>
  );
}

export function ReceiptPage({ current, requestId, own }: { current: PersonCase; requestId: string; own: string }) {
  return (
    <>
      <Title>{t("Receipt")}</Title>
      <Receipt current={current} requestId={requestId} own={own} />
    </>
  );
}
