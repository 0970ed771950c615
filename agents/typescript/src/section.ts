// SPDX-License-Identifier: EUPL-1.2
// Sealing and opening one section (SectionHeader and Section in exchange.proto). Whatever does not fit throws: nothing is shown that was not checked.
import { randomBytes } from "node:crypto";
import { create, fromBinary, toBinary, type DescMessage, type Message, type MessageInitShape } from "@bufbuild/protobuf";
import { Purpose, type MessageType } from "../gen/sluss/v1/common_pb.js";
import { SectionHeaderSchema, SectionSchema, type Envelope, type Section, type SectionHeader } from "../gen/sluss/v1/exchange_pb.js";
import { sealingKeyId, sha256, sodium, type Keys } from "./keys.js";
import { categoryOf, fits, payloadType, readContent } from "./payload.js";

// Who gets it: id and the key that the directory has for them.
export interface Recipient {
	id: string;
	sealingKey: Uint8Array;
}

export interface Draft<T extends DescMessage = DescMessage> {
	type: T;
	content: MessageInitShape<T>;
	consentIds: string[];
	purpose?: Purpose;
	// For tests: a label that lies.
	label?: MessageInitShape<typeof SectionHeaderSchema>;
}

export const sectionDigest = (s: Section) => sha256("sluss.v1.Section", sha256(s.header), sha256(s.ciphertext));

// A fresh key for the content, sealed to each recipient; the label is bound to the ciphertext as associated data.
export function seal(messageId: string, draft: Draft, recipients: Recipient[]): Section {
	const key = sodium.crypto_aead_xchacha20poly1305_ietf_keygen();
	const content = create(draft.type, draft.content);
	const header = toBinary(SectionHeaderSchema, create(SectionHeaderSchema, {
		kind: SectionHeaderSchema.typeName,
		messageId,
		salt: randomBytes(16),
		category: categoryOf(draft.type, content),
		purpose: draft.purpose ?? Purpose.COORDINATION,
		concerned: [{ who: { case: "subject", value: true } }],
		claims: draft.consentIds.map((value) => ({ ground: { case: "consentId" as const, value } })),
		payloadType: draft.type.typeName,
		keyCommitment: sha256("sluss.v1.SectionKey", key),
		...draft.label,
	}));
	const nonce = randomBytes(24);
	const sealed = sodium.crypto_aead_xchacha20poly1305_ietf_encrypt(toBinary(draft.type, content), header, null, nonce, key);
	return create(SectionSchema, {
		header,
		ciphertext: Buffer.concat([nonce, sealed]),
		keys: recipients.map((r) => ({
			recipientAgencyId: r.id,
			sealedKey: sodium.crypto_box_seal(key, r.sealingKey),
			keyId: sealingKeyId(r.sealingKey),
		})),
	});
}

// A label that does not fit what it is on; `category` goes into the acknowledgement, which puts it into the log.
export class Mislabelled extends Error {
	constructor(readonly category: string, why: string) {
		super(why);
	}
}

export interface Opened {
	header: SectionHeader;
	type: DescMessage;
	content: Message;
}

function openKey(section: Section, agencyId: string, keys: Keys, commitment: Uint8Array): Uint8Array {
	const mine = section.keys.filter((k) => k.recipientAgencyId === agencyId);
	if (mine.length !== 1 || section.keys.length !== 1 || mine[0]!.keyId !== sealingKeyId(keys.sealing.publicKey))
		throw new Error("there is no key for us");
	const key = sodium.crypto_box_seal_open(mine[0]!.sealedKey, keys.sealing.publicKey, keys.sealing.privateKey);
	if (!sha256("sluss.v1.SectionKey", key).equals(commitment))
		throw new Error("the key is not the one that the label commits to");
	return key;
}

// The section must stand in the envelope (whose signature was checked), be labelled for this message, open with our key, and be what its label says.
export function open(section: Section, envelope: Envelope, agencyId: string, keys: Keys): Opened {
	if (!envelope.sectionDigests.some((d) => sectionDigest(section).equals(d)))
		throw new Error("the sender did not sign this section");
	const header = fromBinary(SectionHeaderSchema, section.header);
	if (header.kind !== SectionHeaderSchema.typeName || header.messageId !== envelope.messageId)
		throw new Error("the label is that of another message");
	const key = openKey(section, agencyId, keys, header.keyCommitment);
	const octets = sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(null, section.ciphertext.subarray(24), section.header, section.ciphertext.subarray(0, 24), key);
	const type = payloadType(header.payloadType);
	if (type === undefined)
		throw new Error(`content of type ${header.payloadType} is not known here`);
	const content = readContent(type, octets);
	judge(header, type, content, envelope.messageType);
	return { header, type, content };
}

function judge(header: SectionHeader, type: DescMessage, content: Message, message: MessageType): void {
	const own = categoryOf(type, content);
	if (own !== header.category)
		throw new Mislabelled(header.category, `the label says ${header.category}, but the content is ${own}`);
	if (!fits(type, message))
		throw new Mislabelled(header.category, `a ${type.name} cannot stand in a message of this type`);
}
