// SPDX-License-Identifier: EUPL-1.2
// How the log stands: newest checkpoint, witnesses, timestamps, last replay.
import { t, number } from "../i18n";
import { Alert, Loading, Name, Title, useLoaded } from "../ui/parts";
import { audit, moment } from "./clients";

export function Health() {
  const found = useLoaded(() => audit.getLogHealth({}), "health");
  return (
    <>
      <Title>{t("The log")}</Title>
      <Loading of={found}>
        {(h) => (
          <>
            {h.relayingStopped && <Alert kind="danger">{t("Messages are stopped: witnesses or timestamps are too old.")}</Alert>}
            {h.replayFindings > 0 && <Alert kind="danger">{t("The last replay found {count} faults.", { count: h.replayFindings })}</Alert>}
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
                {number(Number(h.cosignedSize))} ({moment(h.cosignedAt)})
              </dd>
              <dt>{t("Timestamped")}</dt>
              <dd>
                {number(Number(h.timestampedSize))} ({moment(h.timestampedAt)})
              </dd>
              <dt>{t("Last replay")}</dt>
              <dd>
                {number(Number(h.replayedSize))} ({moment(h.replayedAt)})
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
                  <h3 class="ds-heading" data-size="xs">
                    <Name>{w.name}</Name>
                  </h3>
                  <p>
                    {number(Number(w.size))} ({moment(w.at)}) <bdi>{w.state}</bdi>
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
