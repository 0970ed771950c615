// SPDX-License-Identifier: EUPL-1.2
// What went wrong, for people. A withdrawal whose answer did not come is neither done nor not done, and is said to be just that.
import { Code, ConnectError } from "@connectrpc/connect";
import { ReasonCode, RefusalSchema } from "../gen/sluss/v1/common_pb";
import { t } from "./i18n";

export interface Fault {
  text: string;
  // Nobody can tell whether it happened.
  unknown: boolean;
  // The session is over.
  over: boolean;
  reason: ReasonCode;
  // Path of the field of the request that is wrong; "" when it is the whole.
  field?: string;
}

export function faultOf(error: unknown): Fault {
  const known = ConnectError.from(error);
  const refusal = known.findDetails(RefusalSchema)[0];
  const reason = refusal?.reason ?? ReasonCode.UNSPECIFIED;
  const field = refusal?.field ?? "";
  const unknown = [Code.Unknown, Code.Unavailable, Code.DeadlineExceeded, Code.Canceled, Code.Internal].includes(known.code);
  const over = known.code === Code.Unauthenticated;
  if (over) return { text: t("You are no longer logged in. Log in again."), unknown: false, over, reason, field };
  if (known.code === Code.Unimplemented) return { text: t("This gateway does not offer this."), unknown: false, over, reason, field };
  if (unknown) return { text: t("There is no answer now. Try again in a while."), unknown, over, reason, field };
  if (reason === ReasonCode.LOGIN_REFUSED) return { text: t("The login did not work. Check what you entered, or ask for a new code."), unknown, over, reason, field };
  if (reason === ReasonCode.LOGIN_EXPIRED) return { text: t("The login took too long. Begin again."), unknown, over, reason, field };
  if (reason === ReasonCode.CLOSED_STATE) return { text: t("This has already been closed and cannot be changed any more."), unknown, over, reason, field };
  if (reason === ReasonCode.NOT_ENTITLED) return { text: t("You have no say in this now."), unknown, over, reason, field };
  if (field.startsWith("text_")) return { text: t("The question has changed. Read it again before you answer."), unknown, over, reason, field };
  return { text: t("This could not be done: {why}", { why: known.rawMessage }), unknown, over, reason, field };
}
