// SPDX-License-Identifier: EUPL-1.2
// One agency at one gateway: enrolment, messages out, messages in.
import { execFileSync } from "node:child_process";
import { createHmac, randomBytes, randomUUID } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { create, fromBinary, toBinary, type DescMessage, type DescService, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { createClient, type Client } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import type { MessageType } from "../gen/sluss/v1/common_pb.js";
import { AuditService } from "../gen/sluss/v1/audit_pb.js";
import { DirectoryService, type AgencyKeys } from "../gen/sluss/v1/directory_pb.js";
import { AcknowledgeDeliverySchema, DeliveryOutcome, EnvelopeSchema, ExchangeService, SendRequestSchema, type AcknowledgeResponse, type Delivery, type Envelope,
	type SendRequest, type SendResponse } from "../gen/sluss/v1/exchange_pb.js";
import { sha256, signingKeyId, sodium, type Keys } from "./keys.js";
import { provedEntry } from "./proof.js";
import { Mislabelled, open, seal, sectionDigest, type Draft, type Opened, type Recipient } from "./section.js";

export interface Settings {
	authority: string; // origin of the gateway's log
	agencyUrl: string; // the port with client certificates
	publicUrl: string; // the port without, for enrolment
	ca: string; // PEM file: whom we believe about the gateway
	folder: string; // where client.key, client.crt and log.vkey lie
	id: string;
	officer: string;
}

// A message as it was taken: what could be opened, and the categories whose labels did not fit.
export interface Taken {
	delivery: Delivery;
	envelope: Envelope;
	sections: Opened[];
	mismatched: string[];
	problems: string[];
}

export class Agency {
	private readonly proved = new Set<string>(); // bindings of keys to agencies that the log has

	constructor(readonly settings: Settings, readonly keys: Keys) {}

	client<T extends DescService>(service: T, port: "agency" | "public" = "agency"): Client<T> {
		const s = this.settings;
		const own = port === "public" ? {} : { cert: readFileSync(join(s.folder, "client.crt")), key: readFileSync(join(s.folder, "client.key")) };
		return createClient(service, createConnectTransport({
			baseUrl: port === "public" ? s.publicUrl : s.agencyUrl,
			httpVersion: "1.1",
			useBinaryFormat: true,
			nodeOptions: { ca: readFileSync(s.ca), minVersion: "TLSv1.3", ...own },
		}));
	}

	// ---- enrolment

	// Turns the one-time token (three parts: id, secret, digest of the log's key) into a certificate. The secret never travels: a MAC over our keys does. Returns the verifier key of
	// the gateway's log, which an agency pins.
	async enrol(token: string): Promise<string> {
		const [tokenId, secret, logDigest] = token.split(".");
		if (tokenId === undefined || secret === undefined || logDigest === undefined)
			throw new Error("a token has three parts");
		const { authority, id, folder } = this.settings;
		const keys = Buffer.concat([this.keys.signing.publicKey, this.keys.sealing.publicKey]);
		const certificateRequest = this.certificateRequest();
		const answer = await this.client(DirectoryService, "public").enrol({
			tokenId,
			tokenMac: createHmac("sha256", Buffer.from(secret, "base64url")).update(`sluss-enrol-v1${authority}\0${id}\0`).update(keys)
				.update(sha256(certificateRequest)).digest(),
			agencyId: id,
			certificateRequest,
			signingKey: this.keys.signing.publicKey,
			sealingKey: this.keys.sealing.publicKey,
			possessionSignature: sodium.crypto_sign_detached(Buffer.concat([Buffer.from(`sluss-possession-v1${authority}\0${id}\0`), keys]),
				this.keys.signing.privateKey),
		});
		if (sha256(answer.logVerifierKey).subarray(0, 16).toString("hex") !== logDigest)
			throw new Error("this is not the log that the token stands for");
		writeFileSync(join(folder, "client.crt"), answer.certificateChain);
		writeFileSync(join(folder, "log.vkey"), answer.logVerifierKey);
		return answer.logVerifierKey;
	}

	// Node makes no certificate requests; openssl does.
	private certificateRequest(): string {
		const { folder, id } = this.settings;
		const request = join(folder, "client.csr");
		execFileSync("openssl", ["req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", join(folder, "client.key"), "-out",
			request, "-subj", `/CN=${id}`], { stdio: "ignore" });
		return readFileSync(request, "utf8");
	}

	// ---- statements

	private sign(octets: Uint8Array) {
		return { signature: sodium.crypto_sign_detached(octets, this.keys.signing.privateKey), keyId: signingKeyId(this.keys.signing.publicKey) };
	}

	private header(type: DescMessage) {
		const s = this.settings;
		return { kind: type.typeName, authority: s.authority, agencyId: s.id, officerId: s.officer, at: timestampFromDate(new Date()) };
	}

	// Any statement of the contract, signed: what the methods that change something take as `statement`.
	statement<T extends DescMessage>(type: T, values: MessageInitShape<T>) {
		const made = { ...this.header(type), statementId: randomUUID(), ...values } as MessageInitShape<T>;
		const octets = toBinary(type, create(type, made));
		return { statement: { statement: octets, ...this.sign(octets) } };
	}

	// ---- out

	// The log's key, as enrolment pinned it.
	private logKey(): string {
		return readFileSync(join(this.settings.folder, "log.vkey"), "utf8");
	}

	// Keys are believed only when an entry of the log binds both of them to the agency: whoever answers in the gateway's place cannot make us seal to a key of theirs, or believe a
	// sender of theirs. Asked once for each binding.
	async prove(agencyId: string, keys: AgencyKeys): Promise<void> {
		const binding = sha256(agencyId, "\0", keys.signingKey, keys.sealingKey).toString("hex");
		if (this.proved.has(binding))
			return;
		const { receipt } = await this.client(AuditService).getProof({ logIndex: keys.logIndex });
		const { event } = provedEntry(receipt, this.logKey());
		const bound = (event.case === "agencyEnrolled" || event.case === "keysRotated") && event.value.agency === agencyId
			&& Buffer.from(event.value.signKey).equals(keys.signingKey) && Buffer.from(event.value.sealKey).equals(keys.sealingKey);
		if (!bound || receipt?.logIndex !== keys.logIndex)
			throw new Error(`the directory names keys of ${agencyId} that the log does not have`);
		this.proved.add(binding);
	}

	// The directory's newest key of each, proved.
	async recipients(ids: string[]): Promise<Recipient[]> {
		const directory = this.client(DirectoryService);
		return Promise.all(ids.map(async (id) => {
			const { agency } = await directory.getAgency({ agencyId: id });
			const keys = agency?.keys.find((k) => !k.revoked);
			if (keys === undefined)
				throw new Error(`${id} has no key to seal to`);
			await this.prove(id, keys);
			return { id, sealingKey: keys.sealingKey };
		}));
	}

	// Sealed and signed once: keep it, and send the same again after a break; the message id makes sure that it counts once.
	make(caseId: string, messageType: MessageType, recipients: Recipient[], drafts: Draft[]): SendRequest {
		const messageId = randomUUID();
		const sections = drafts.map((d) => seal(messageId, d, recipients));
		const digests: Buffer[] = sections.map(sectionDigest);
		do
			digests.push(randomBytes(32)); // decoys: a recipient cannot count what was withheld
		while (digests.length % 8 !== 0);
		const octets = toBinary(EnvelopeSchema, create(EnvelopeSchema, {
			...this.header(EnvelopeSchema), messageId, messageType, caseId, recipients: recipients.map((r) => ({ agencyId: r.id })),
			sectionDigests: digests.sort(Buffer.compare),
		}));
		return create(SendRequestSchema, { envelope: { envelope: octets, ...this.sign(octets) }, sections });
	}

	// Accepted means: the receipt proves that the log has this very envelope.
	async send(request: SendRequest): Promise<SendResponse> {
		const answer = await this.client(ExchangeService).send(request);
		const { event } = provedEntry(answer.receipt, this.logKey());
		if (event.case !== "messageAccepted" || !Buffer.from(event.value.envelopeHash).equals(sha256(request.envelope!.envelope)))
			throw new Error("the receipt is for another message");
		return answer;
	}

	// ---- in

	// What waits for us, each message checked and opened. A message that cannot be believed at all throws.
	async fetch(waitMs = 0): Promise<Taken[]> {
		const { deliveries } = await this.client(ExchangeService).fetch({ maxMessages: 16, waitMs });
		return Promise.all(deliveries.map((d) => this.take(d)));
	}

	async take(delivery: Delivery): Promise<Taken> {
		const envelope = await this.checkEnvelope(delivery);
		const taken: Taken = { delivery, envelope, sections: [], mismatched: [], problems: [] };
		for (const section of delivery.sections) {
			try {
				taken.sections.push(open(section, envelope, this.settings.id, this.keys));
			} catch (error) {
				if (error instanceof Mislabelled)
					taken.mismatched.push(error.category);
				taken.problems.push(error instanceof Error ? error.message : String(error));
			}
		}
		return taken;
	}

	// Signed by a key that the log binds to the sender, meant for this gateway and for us.
	private async checkEnvelope(delivery: Delivery): Promise<Envelope> {
		const signed = delivery.envelope;
		if (signed === undefined || !sodium.crypto_sign_verify_detached(signed.signature, signed.envelope, delivery.senderKey))
			throw new Error("the envelope is not signed by its sender");
		const envelope = fromBinary(EnvelopeSchema, signed.envelope);
		if (envelope.kind !== EnvelopeSchema.typeName || envelope.authority !== this.settings.authority || envelope.messageId !== delivery.messageId
			|| !envelope.recipients.some((r) => r.agencyId === this.settings.id))
			throw new Error("the envelope is meant for another gateway, message or agency");
		const { agency } = await this.client(DirectoryService).getAgency({ agencyId: envelope.agencyId });
		const keys = agency?.keys.find((k) => Buffer.from(k.signingKey).equals(delivery.senderKey));
		if (keys === undefined)
			throw new Error("the directory has no such key of the sender");
		await this.prove(envelope.agencyId, keys);
		return envelope;
	}

	// Says that it arrived, or cannot be used. Labels that did not fit are written to the log.
	acknowledge(taken: Taken): Promise<AcknowledgeResponse> {
		const usable = taken.problems.length === 0;
		return this.client(ExchangeService).acknowledge(this.statement(AcknowledgeDeliverySchema, {
			messageId: taken.delivery.messageId,
			envelopeHash: sha256(taken.delivery.envelope!.envelope),
			outcome: usable ? DeliveryOutcome.RECEIVED : DeliveryOutcome.REJECTED,
			explanation: usable ? "" : "Not every section could be used.",
			mismatchedCategories: taken.mismatched,
		}));
	}
}
