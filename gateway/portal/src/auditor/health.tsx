// SPDX-License-Identifier: EUPL-1.2
// How the log stands: newest checkpoint, witnesses, timestamps, last replay.
import { type Timestamp } from "@bufbuild/protobuf/wkt";
import { t, number } from "../i18n";
import { Alert, Loading, Name, Title, useLoaded } from "../ui/parts";
import { audit, moment } from "./clients";

// How far back a witness, a timestamp or a replay lies.
function UpTo({ size, of, at }: { size: bigint; of: bigint; at: Timestamp | undefined }) {
  if (size === 0n) return <>{t("never yet")}</>;
  return <>{t("{size} of {all} entries, {when}", { size: number(Number(size)), all: number(Number(of)), when: moment(at) })}</>;
}

export function Health() {
  const found = useLoaded(() => audit.getLogHealth({}), "health");
  return (
    <>
      <Title>{t("The log")}</Title>
      <Loading of={found}>
        {(h) => (
          <>
            {h.relayingStopped && <Alert kind="danger">{t("Messages are stopped: witnesses or timestamps are too old.")}</Alert>}
            {!h.relayingStopped && <Alert kind="success">{t("Messages are let through: what the log needs from outside is fresh enough.")}</Alert>}
            {h.replayFindings > 0 && <Alert kind="danger">{t("The last replay found {count} faults.", { count: h.replayFindings })}</Alert>}
            {h.replayedAt === undefined && <Alert kind="info">{t("No auditor has reported a replay of the log yet.")}</Alert>}
            {h.replayedAt !== undefined && !h.replayComplete && <Alert kind="danger">{t("The last replay could not decide everything again.")}</Alert>}
            <dl class="facts">
              <dt>{t("Name of the log")}</dt>
              <dd>
                <Name>{h.authority}</Name>
              </dd>
              <dt>{t("Entries")}</dt>
              <dd>{number(Number(h.size))}</dd>
              <dt>{t("Newest checkpoint")}</dt>
              <dd>{moment(h.checkpointAt)}</dd>
              <dt>{t("Cosigned by enough witnesses")}</dt>
              <dd>
                <UpTo size={h.cosignedSize} of={h.size} at={h.cosignedAt} />
              </dd>
              <dt>{t("Timestamped")}</dt>
              <dd>
                <UpTo size={h.timestampedSize} of={h.size} at={h.timestampedAt} />
              </dd>
              <dt>{t("Last replay")}</dt>
              <dd>
                <UpTo size={h.replayedSize} of={h.size} at={h.replayedAt} /> <Name>{h.replayedBy}</Name>
              </dd>
              <dt>{t("Policy")}</dt>
              <dd>
                <Name>{h.policyId}</Name>
              </dd>
            </dl>
            <h2 class="ds-heading" data-size="sm">
              {t("Witnesses ({count} must agree)", { count: h.witnessQuorum })}
            </h2>
            {h.witnesses.length === 0 && <p>{t("No witness is set up.")}</p>}
            <ul class="cards">
              {h.witnesses.map((w) => (
                <li key={w.name} class="ds-card stack">
                  <h3 class="ds-heading as-is" data-size="xs">
                    <Name>{w.name}</Name>
                  </h3>
                  <p>
                    <UpTo size={w.size} of={h.size} at={w.at} /> (<bdi lang="en">{w.state}</bdi>)
                  </p>
                </li>
              ))}
            </ul>
            <details class="ds-details">
              <summary>{t("Checkpoint")}</summary>
              <pre class="code" dir="ltr">{h.checkpoint}</pre>
            </details>
          </>
        )}
      </Loading>
    </>
  );
}
