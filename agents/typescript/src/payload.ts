// SPDX-License-Identifier: EUPL-1.2
// The types of content. Category and permitted messages are options in the contract, which the generated code carries: nothing is repeated here.
import { createRegistry, fromBinary, getOption, hasOption, type DescMessage, type Message } from "@bufbuild/protobuf";
import { MessageType } from "../gen/sluss/v1/common_pb.js";
import { category, file_sluss_v1_payload, message_types } from "../gen/sluss/v1/payload_pb.js";
import { file_sluss_v1_payload_needs } from "../gen/sluss/v1/payload_needs_pb.js";
import { file_sluss_v1_payload_police } from "../gen/sluss/v1/payload_police_pb.js";
import { file_sluss_v1_payload_probation } from "../gen/sluss/v1/payload_probation_pb.js";
import { file_sluss_v1_payload_school } from "../gen/sluss/v1/payload_school_pb.js";
import { file_sluss_v1_payload_social } from "../gen/sluss/v1/payload_social_pb.js";

const types = createRegistry(file_sluss_v1_payload, file_sluss_v1_payload_needs, file_sluss_v1_payload_police, file_sluss_v1_payload_probation,
	file_sluss_v1_payload_school, file_sluss_v1_payload_social);

// A payload type by its full name; undefined: there is none here.
export function payloadType(name: string): DescMessage | undefined {
	const type = types.getMessage(name);
	return type !== undefined && hasOption(type, message_types) ? type : undefined;
}

// The category that content of this type has, by its type or by itself (Note, Attachment).
export function categoryOf(type: DescMessage, content: Message): string {
	if (hasOption(type, category))
		return getOption(type, category);
	const own = (content as Message & { category?: unknown }).category;
	return typeof own === "string" ? own : "";
}

// May a section of this type stand in a message of this type?
export function fits(type: DescMessage, message: MessageType): boolean {
	const allowed = getOption(type, message_types);
	return allowed.includes(MessageType.UNSPECIFIED) || allowed.includes(message);
}

// Reads content strictly: with a field that this version does not know it would be shown as if it were whole.
export function readContent(type: DescMessage, octets: Uint8Array): Message {
	const content = fromBinary(type, octets);
	if (content.$unknown !== undefined && content.$unknown.length > 0)
		throw new Error("the content has fields that are not known here");
	return content;
}
