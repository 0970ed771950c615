// SPDX-License-Identifier: EUPL-1.2
// What happened, in one sentence each, newest first.
import { type GetOverviewResponse, type PersonCase, type PersonNotice, PersonNoticeKind as Kind } from "../../gen/sluss/v1/person_pb";
import { t, tn } from "../i18n";
import { href } from "../route";
import { Link, Name, Paged, Title, useLoaded } from "../ui/parts";
import { category, phase } from "../words";
import { agencyName, day } from "./names";
import { person } from "./pages";

function about(seen: GetOverviewResponse, n: PersonNotice): string {
  if (n.categories.length > 0) return n.categories.map(category).join(", ");
  return n.agencyId === "" ? t("everything") : agencyName(seen, n.agencyId);
}

function sentence(seen: GetOverviewResponse, n: PersonNotice): string {
  const name = n.name === "" ? t("Somebody") : n.name;
  const what = about(seen, n);
  const agency = agencyName(seen, n.agencyId);
  const receivers = n.receiverAgencyIds.map((id) => agencyName(seen, id)).join(", ");
  switch (n.kind) {
    case Kind.LAW:
      return t("A law ({law}) allows {agency} to tell {receivers} about {what}, without a yes. It may be used until {date}.", { law: n.provision, agency, receivers, what, date: day(n.until) });
    case Kind.ASKED:
      return tn("{count} question was asked.", "{count} questions were asked.", n.grants);
    case Kind.GIVEN:
      return n.own ? t("You said yes: {what}.", { what }) : t("{name} said yes: {what}.", { name, what });
    case Kind.REFUSED:
      return n.own ? t("You said no: {what}.", { what }) : t("{name} said no: {what}.", { name, what });
    case Kind.PAUSED:
      return n.own ? t("You paused: {what}.", { what }) : t("{name} paused: {what}.", { name, what });
    case Kind.RESUMED:
      return n.own ? t("You want to go on with: {what}.", { what }) : t("{name} wants to go on with: {what}.", { name, what });
    case Kind.NARROWED:
      return n.own ? t("You made the time shorter: {what}.", { what }) : t("{name} made the time shorter: {what}.", { name, what });
    case Kind.MISTAKE:
      return t("A yes was written down by mistake and does not count: {what}.", { what });
    case Kind.STOPPED:
      return n.own ? t("You stopped: {what}.", { what }) : t("{name} stopped: {what}.", { name, what });
    case Kind.EXPIRED:
      return t("The time is over: {agency} may not tell {receivers} about {what} any more.", { agency, receivers, what });
    case Kind.RECALL_OPENED:
      return t("{agency} was asked to delete: {what}. The answer is due {date}.", { agency, what, date: day(n.until) });
    case Kind.RECALL_DELETED:
      return t("{agency} has deleted: {what}.", { agency, what });
    case Kind.RECALL_KEPT:
      return t("{agency} keeps: {what}. The law that they name: {law}.", { agency, what, law: n.provision });
    case Kind.RECALL_OVERDUE:
      return t("{agency} has not answered in time: {what}.", { agency, what });
    case Kind.PHASE:
      return t("The work together is now: {phase}.", { phase: phase(n.phase) });
    default:
      return t("Something changed.");
  }
}

function List({ seen, rows }: { seen: GetOverviewResponse; rows: PersonNotice[] }) {
  return (
    <ol class="cards" reversed>
      {rows.map((n) => (
        <li key={`${n.logIndex} ${n.kind} ${n.categories.join()} ${n.agencyId}`} class="ds-card stack notice" data-color={n.kind === Kind.LAW || n.kind === Kind.RECALL_OVERDUE ? "warning" : "neutral"}>
          <p class="quiet">
            <Name>{day(n.at)}</Name>
          </p>
          <p>{sentence(seen, n)}</p>
        </li>
      ))}
    </ol>
  );
}

// The newest few, on the first page: whoever is to be told need not look for it.
export function Newest({ seen, current, own }: { seen: GetOverviewResponse; current: PersonCase; own: string }) {
  const list = useLoaded(() => person.listNotices({ caseId: current.caseId, pageSize: 2 }), current.caseId);
  const rows = list.value?.notices.slice(0, 2) ?? [];
  return rows.length === 0 ? null : (
    <section class="stack no-print" aria-labelledby="newest">
      <h2 class="ds-heading" data-size="sm" id="newest">
        {t("Newest")}
      </h2>
      <List seen={seen} rows={rows} />
      <Link to={href(own, "notices")}>{t("All that happened")}</Link>
    </section>
  );
}

export function Notices({ seen, current }: { seen: GetOverviewResponse; current: PersonCase }) {
  async function load(pageToken: string) {
    const page = await person.listNotices({ caseId: current.caseId, pageToken });
    return { rows: page.notices, next: page.nextPageToken };
  }
  return (
    <>
      <Title>{t("What happened")}</Title>
      <Paged load={load} none={t("Nothing has happened yet.")}>
        {(rows) => <List seen={seen} rows={rows} />}
      </Paged>
    </>
  );
}
