// SPDX-License-Identifier: EUPL-1.2
// An agency in JavaScript: libsodium for keys and sealing, connect-node for calls, protobuf-es for octets. Written from the contract, without a line of the gateway.
import { execFileSync } from "node:child_process";
import { createHash, createHmac, randomBytes, randomUUID } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { timestampDate, timestampFromDate } from "@bufbuild/protobuf/wkt";
import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import sodium from "libsodium-wrappers";

export const world = JSON.parse(process.env.SLUSS_WORLD);
const load = (name) => import(join(world.generated, "sluss/v1", `${name}_pb.js`));
export const pb = Object.assign({}, ...(await Promise.all(
	["common", "exchange", "consent", "case", "directory", "audit", "payload", "statutory", "recall", "log"].map(load))));
await sodium.ready;

export const sha256 = (...parts) => parts.reduce((h, p) => h.update(p), createHash("sha256")).digest();
const keyId = (tag, key) => sha256(tag, key).subarray(0, 8).toString("hex");
export const at = (date) => timestampFromDate(date ?? new Date());
export { timestampDate };

// Everything that is made from plain values: names its message type, so that the tests read like the contract.
export const make = (schema, values) => create(schema, values);

export class Agency {
	constructor(id) {
		this.id = id;
		this.officer = "o1";
		this.folder = join(world.folder, `foreign-${id}-${randomUUID().slice(0, 8)}`);
		mkdirSync(this.folder);
		this.signing = sodium.crypto_sign_keypair();
		this.sealing = sodium.crypto_box_keypair();
		this.keyFile = join(this.folder, "client.key");
		this.certificateFile = join(this.folder, "client.crt");
	}

	transport(options = {}) {
		const { port = world.agencyPort, json = false, certificate = true } = options;
		const client = certificate ? { cert: readFileSync(this.certificateFile), key: readFileSync(this.keyFile) } : {};
		return createConnectTransport({
			baseUrl: `https://localhost:${port}`,
			httpVersion: "1.1",
			useBinaryFormat: !json,
			nodeOptions: { ca: readFileSync(world.ca), minVersion: "TLSv1.3", ...client },
		});
	}

	client(service, options) {
		return createClient(service, this.transport(options));
	}

	certificateRequest() {
		const request = join(this.folder, "client.csr");
		execFileSync("openssl", ["req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", this.keyFile, "-out", request,
			"-subj", `/CN=${this.id}`], { stdio: "ignore" });
		return readFileSync(request, "utf8");
	}

	async enrol(json) {
		const statement = Buffer.concat([Buffer.from(`sluss-possession-v1${world.authority}\0${this.id}\0`), this.signing.publicKey, this.sealing.publicKey]);
		const [tokenId, secret, logHash] = world.tokens[this.id].split(".");
		const certificateRequest = this.certificateRequest();
		const keys = Buffer.concat([this.signing.publicKey, this.sealing.publicKey]);
		const tokenMac = createHmac("sha256", Buffer.from(secret, "base64url"))
			.update(`sluss-enrol-v1${world.authority}\0${this.id}\0`).update(keys).update(sha256(certificateRequest)).digest();
		const answer = await this.client(pb.DirectoryService, { port: world.publicPort, certificate: false, json }).enrol({
			tokenId,
			tokenMac,
			agencyId: this.id,
			certificateRequest,
			signingKey: this.signing.publicKey,
			sealingKey: this.sealing.publicKey,
			possessionSignature: sodium.crypto_sign_detached(statement, this.signing.privateKey),
		});
		if (sha256(answer.logVerifierKey).subarray(0, 16).toString("hex") !== logHash)
			throw new Error("log key");
		writeFileSync(this.certificateFile, answer.certificateChain);
		this.verifierKey = answer.logVerifierKey;
		return answer;
	}

	// The first six fields of a statement of this type.
	header(schema) {
		return { kind: schema.typeName, authority: world.authority, statementId: randomUUID(), agencyId: this.id, officerId: this.officer, at: at() };
	}

	sign(octets) {
		return { signature: sodium.crypto_sign_detached(octets, this.signing.privateKey), keyId: keyId("sluss-key-v1", this.signing.publicKey) };
	}

	statement(schema, values) {
		const octets = toBinary(schema, create(schema, { ...this.header(schema), ...values }));
		return { statement: { statement: octets, ...this.sign(octets) } };
	}

	// Seals one payload to each recipient under its own label.
	section(messageId, { category, claims, recipients, payloadSchema, payload, purpose = pb.Purpose.COORDINATION, ...label }) {
		const key = sodium.crypto_aead_xchacha20poly1305_ietf_keygen();
		const header = toBinary(pb.SectionHeaderSchema, create(pb.SectionHeaderSchema, {
			kind: pb.SectionHeaderSchema.typeName, messageId, salt: randomBytes(16), category, purpose,
			concerned: [{ who: { case: "subject", value: true } }], claims, payloadType: payloadSchema.typeName,
			keyCommitment: sha256("sluss.v1.SectionKey", key), ...label,
		}));
		const nonce = randomBytes(24);
		const content = toBinary(payloadSchema, create(payloadSchema, payload));
		const sealed = sodium.crypto_aead_xchacha20poly1305_ietf_encrypt(content, header, null, nonce, key);
		return {
			header,
			ciphertext: Buffer.concat([nonce, sealed]),
			keys: recipients.map((r) => ({
				recipientAgencyId: r.id,
				sealedKey: sodium.crypto_box_seal(key, r.sealing.publicKey),
				keyId: keyId("sluss-seal-v1", r.sealing.publicKey),
			})),
		};
	}

	// A SendRequest; `changes` go into the envelope before it is signed.
	message({ caseId, type, recipients, sections, ...changes }) {
		const messageId = changes.messageId ?? randomUUID();
		const sealed = sections.map((s) => this.section(messageId, { recipients, ...s }));
		const digests = sealed.map((s) => sha256("sluss.v1.Section", sha256(s.header), sha256(s.ciphertext)));
		do
			digests.push(randomBytes(32));
		while (digests.length % 8 !== 0);
		const { statementId, ...header } = this.header(pb.EnvelopeSchema);
		const octets = toBinary(pb.EnvelopeSchema, create(pb.EnvelopeSchema, {
			...header, messageId, messageType: type, caseId, recipients: recipients.map((r) => ({ agencyId: r.id })),
			sectionDigests: digests.sort(Buffer.compare), ...changes,
		}));
		return { messageId, envelope: { envelope: octets, ...this.sign(octets) }, sections: sealed };
	}

	// Checks and opens one section of a delivery; throws when anything does not fit.
	open(delivery, section, payloadSchema) {
		if (!sodium.crypto_sign_verify_detached(delivery.envelope.signature, delivery.envelope.envelope, delivery.senderKey))
			throw new Error("signature");
		const envelope = fromBinary(pb.EnvelopeSchema, delivery.envelope.envelope);
		const digest = sha256("sluss.v1.Section", sha256(section.header), sha256(section.ciphertext));
		if (!envelope.sectionDigests.some((d) => digest.equals(d)))
			throw new Error("digest");
		const header = fromBinary(pb.SectionHeaderSchema, section.header);
		const mine = section.keys.filter((k) => k.recipientAgencyId === this.id);
		if (mine.length !== 1 || section.keys.length !== 1)
			throw new Error("keys of others");
		const key = sodium.crypto_box_seal_open(mine[0].sealedKey, this.sealing.publicKey, this.sealing.privateKey);
		if (!sha256("sluss.v1.SectionKey", key).equals(Buffer.from(header.keyCommitment)))
			throw new Error("commitment");
		const content = sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(null, section.ciphertext.subarray(24), section.header, section.ciphertext.subarray(0, 24), key);
		return { envelope, header, content: fromBinary(payloadSchema, content) };
	}

	acknowledgement(delivery) {
		return this.statement(pb.AcknowledgeDeliverySchema, {
			messageId: delivery.messageId, envelopeHash: sha256(delivery.envelope.envelope), outcome: pb.DeliveryOutcome.RECEIVED,
		});
	}
}
