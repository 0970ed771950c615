// SPDX-License-Identifier: EUPL-1.2
// Every setting that slussd knows, in one table. A new setting is one row here and one member in settings.h.
#include "settings_table.h"

#define AT(member) offsetof(struct sluss_settings, member)
#define CORE SLUSS_ROLE_CORE
#define WEB SLUSS_ROLE_WEB
#define EDGE SLUSS_ROLE_EDGE
#define COURIER SLUSS_ROLE_COURIER
#define IDP SLUSS_ROLE_IDP
#define ALL (SLUSS_ROLE_CORE | SLUSS_ROLE_WEB | SLUSS_ROLE_EDGE | SLUSS_ROLE_COURIER | SLUSS_ROLE_IDP)

// clang-format off
static const struct sluss_setting table[] = {
	{"authority", SLUSS_SETTING_ORIGIN, AT(authority), NULL, 0, 0, CORE | WEB, "",
	    "Name of this authority: the origin of its log, and part of every signed statement. It cannot be changed later."},
	{"state_dir", SLUSS_SETTING_PATH, AT(state_dir), "/var/lib/sluss", 0, 0, CORE | IDP, "",
	    "Folder of everything that the gateway keeps. Relative paths in other settings lie in it."},
	{"store", SLUSS_SETTING_STORE, AT(store), "sqlite", 0, 0, CORE, "",
	    "Where records and payload lie: sqlite is a database in state_dir/db."},
	{"policy_file", SLUSS_SETTING_PATH, AT(policy_file), "policy.json", 0, 0, 0, "",
	    "The policy that is in force from the log's first record; read when the log is empty. Later policies come over the admin socket."},
	{"secondary_head_file", SLUSS_SETTING_PATH, AT(secondary_head_file), "", 0, 0, 0, "",
	    "A second place for the log's newest head, best on other storage: a state_dir that was put back to an older copy, or to another history, is refused at start; slussd --accept-rollback lets it pass once. Empty: none."},
	{"backup_dir", SLUSS_SETTING_PATH, AT(backup_dir), "", 0, 0, CORE, "",
	    "Folder in which AdminService.Backup makes copies of the database; it must be there at start, and core must be allowed to write in it. Empty: no backups that way."},

	{"agency_listen", SLUSS_SETTING_ADDRESS, AT(agency_listen), "127.0.0.1:8443", 0, 0, 0, "",
	    "Where agencies connect (mutual TLS). Port 0 chooses a free one; state_dir/ports says which."},
	{"public_listen", SLUSS_SETTING_ADDRESS, AT(public_listen), "127.0.0.1:8444", 0, 0, 0, "",
	    "Where everybody connects (TLS): enrolment, the log's tiles. Empty: no public port."},
	{"admin_socket", SLUSS_SETTING_PATH, AT(admin_socket), "admin.sock", 0, 0, 0, "",
	    "Unix socket of AdminService, mode 0600."},
	{"portal_dir", SLUSS_SETTING_PATH, AT(portal_dir), "", 0, 0, WEB, "",
	    "Folder of the built pages of persons, coordinators and auditors, for the public port; read at start. Empty: no pages."},

	{"tls_certificate", SLUSS_SETTING_PATH, AT(tls_certificate), "keys/tls.crt", 0, 0, 0, "",
	    "Certificate chain of both ports (PEM)."},
	{"tls_key", SLUSS_SETTING_PATH, AT(tls_key), "keys/tls.key", 0, 0, 0, "",
	    "Its private key (PEM). Only edge gets it."},
	{"client_ca", SLUSS_SETTING_PATH, AT(client_ca), "keys/client-ca.crt", 0, 0, 0, "",
	    "Certificate of the authority that signs the agencies' client certificates (PEM)."},
	{"client_ca_key", SLUSS_SETTING_PATH, AT(client_ca_key), "keys/client-ca.key", 0, 0, 0, "",
	    "Its private key (PEM), with which core answers enrolments."},
	{"client_crl", SLUSS_SETTING_PATH, AT(client_crl), "", 0, 0, 0, "",
	    "Revocation list for client certificates (PEM), read at start and at SIGHUP. Empty: none; certificates revoked through the admin socket are refused all the same."},
	{"log_key", SLUSS_SETTING_PATH, AT(log_key), "keys/log.key", 0, 0, 0, "",
	    "Ed25519 seed that signs the log's checkpoints: 32 octets. Only core gets it."},
	{"data_key", SLUSS_SETTING_PATH, AT(data_key), "keys/data.key", 0, 0, 0, "",
	    "Key that encrypts personal data at rest: 32 octets. Only core gets it."},

	{"max_body", SLUSS_SETTING_NUMBER, AT(max_body), "1048576", 4096, 3670016, CORE | WEB, "octets",
	    "Longest request, counted after decompression."},
	{"connections_max", SLUSS_SETTING_NUMBER, AT(connections_max), "16000", 16, 1000000, WEB | EDGE, "connections",
	    "Connections at one time; a quarter of them at most on the public port. When it is reached the oldest handshake makes room, then the longest idle connection."},
	{"connections_per_agency", SLUSS_SETTING_NUMBER, AT(connections_per_agency), "256", 1, 1000000, EDGE, "connections",
	    "Connections with the same client certificate at one time. Beyond it the longest idle one makes room."},
	{"queue_max_per_agency", SLUSS_SETTING_NUMBER, AT(queue_max_per_agency), "200000", 1, 100000000, CORE, "messages",
	    "Messages that may wait for one agency; beyond it Send answers resource_exhausted. Half of it is for all senders, the other half is shared evenly among them."},
	{"lease_ms", SLUSS_SETTING_NUMBER, AT(lease_ms), "30000", 100, 86400000, CORE, "ms",
	    "A message that was fetched and not acknowledged is handed out again after this time."},
	{"delivery_queue_octets_max", SLUSS_SETTING_NUMBER, AT(delivery_queue_octets_max), "4000000000", 1048576, UINT32_MAX, CORE, "octets",
	    "Sealed octets that may wait for one agency, chunks included; beyond it Send answers resource_exhausted. Shared among senders as queue_max_per_agency is."},
	{"delivery_expiry_hours", SLUSS_SETTING_NUMBER, AT(delivery_expiry_hours), "720", 1, 87600, CORE, "hours",
	    "A message that is not acknowledged after this time is given up: its payload is destroyed and its sender told. A sender may ask for less."},
	{"chunk_octets_max", SLUSS_SETTING_NUMBER, AT(chunk_octets_max), "1073741824", 1048576, UINT32_MAX, CORE, "octets",
	    "Chunks that one agency may have put and not sent yet; beyond it PutChunk answers resource_exhausted."},
	{"chunk_uploads_max", SLUSS_SETTING_NUMBER, AT(chunk_uploads_max), "64", 1, 100000, CORE, "uploads",
	    "Sections in chunks that one agency may have begun and not sent yet."},
	{"chunk_orphan_hours", SLUSS_SETTING_NUMBER, AT(chunk_orphan_hours), "24", 1, 8760, CORE, "hours",
	    "Chunks that were put and not sent are destroyed after this time."},
	{"batch_max", SLUSS_SETTING_NUMBER, AT(batch_max), "256", 1, 4096, CORE, "requests",
	    "Requests that are committed together."},
	{"fetch_wait_max_ms", SLUSS_SETTING_NUMBER, AT(fetch_wait_max_ms), "60000", 0, 600000, CORE | WEB, "ms",
	    "Longest wait of a Fetch."},
	{"clock_skew_max_ms", SLUSS_SETTING_NUMBER, AT(clock_skew_max_ms), "300000", 1000, 86400000, CORE, "ms",
	    "How far the time in a new statement may be from the gateway's."},
	{"client_certificate_days", SLUSS_SETTING_NUMBER, AT(client_certificate_days), "365", 1, 3650, CORE, "days",
	    "Validity of the client certificates that enrolment issues."},
	{"sessions_max", SLUSS_SETTING_NUMBER, AT(sessions_max), "2000", 1, 100000, CORE, "sessions",
	    "Persons and staff who are logged in at one time; beyond it the one that was idle longest makes room."},
	{"session_ms", SLUSS_SETTING_NUMBER, AT(session_ms), "1200000", 1000, 86400000, CORE, "ms",
	    "A session ends after this time, whatever is done in it."},
	{"session_idle_ms", SLUSS_SETTING_NUMBER, AT(session_idle_ms), "600000", 1000, 86400000, CORE, "ms",
	    "A session ends after this time without a request."},
	{"code_days", SLUSS_SETTING_NUMBER, AT(code_days), "7", 1, 90, CORE, "days",
	    "How long a one-time code on paper is good."},

	{"handshake_timeout_ms", SLUSS_SETTING_NUMBER, AT(handshake_timeout_ms), "10000", 50, 600000, EDGE, "ms",
	    "From accepting a connection to the end of its TLS handshake."},
	{"idle_timeout_ms", SLUSS_SETTING_NUMBER, AT(idle_timeout_ms), "75000", 50, 86400000, WEB | EDGE, "ms",
	    "No octet in either direction; longer than fetch_wait_max_ms."},
	{"write_timeout_ms", SLUSS_SETTING_NUMBER, AT(write_timeout_ms), "30000", 50, 600000, WEB | EDGE, "ms",
	    "A client takes nothing of what waits for it."},
	{"request_timeout_ms", SLUSS_SETTING_NUMBER, AT(request_timeout_ms), "30000", 50, 600000, WEB, "ms",
	    "From a request's first octet to its last."},
	{"drop_timeout_ms", SLUSS_SETTING_NUMBER, AT(drop_timeout_ms), "2000", 100, 60000, CORE, "ms",
	    "How long a withdrawal waits for web and edge to drop transfers before they are killed."},

	{"witness", SLUSS_SETTING_WITNESS, AT(witness), "", 0, 0, CORE | COURIER, "",
	    "A witness that cosigns the log's checkpoints (C2SP tlog-witness): its verifier key (type 04), a space, and the URL under which its add-checkpoint is found. May stand several times."},
	{"witness_quorum", SLUSS_SETTING_NUMBER, AT(witness_quorum), "0", 0, SLUSS_SETTING_ITEMS, CORE, "witnesses",
	    "How many witnesses must have cosigned one checkpoint before messages are relayed. 0: cosignatures are collected, nothing depends on them."},
	{"witness_period_ms", SLUSS_SETTING_NUMBER, AT(witness_period_ms), "10000", 100, 3600000, CORE, "ms",
	    "How often the witnesses are asked when nothing happens; when the log grows they are asked after a tenth of this."},
	{"witness_gap_max_ms", SLUSS_SETTING_NUMBER, AT(witness_gap_max_ms), "300000", 200, 86400000, CORE, "ms",
	    "With a quorum: relaying stops while the newest checkpoint that a quorum has cosigned is older than this. Withdrawals and refusals are always taken."},
	{"timestamp_url", SLUSS_SETTING_URL, AT(timestamp_url), "", 0, 0, CORE | COURIER, "",
	    "Time-stamping authority (RFC 3161 over HTTP) that dates the log's checkpoints. Empty: none."},
	{"timestamp_ca", SLUSS_SETTING_PATH, AT(timestamp_ca), "", 0, 0, 0, "",
	    "Certificates of the authorities that the time-stamping authority's certificate must lead to (PEM)."},
	{"timestamp_period_ms", SLUSS_SETTING_NUMBER, AT(timestamp_period_ms), "3600000", 100, 2592000000, CORE, "ms",
	    "How often the newest checkpoint is dated."},
	{"timestamp_gap_max_ms", SLUSS_SETTING_NUMBER, AT(timestamp_gap_max_ms), "0", 0, 2592000000, CORE, "ms",
	    "Relaying stops while the newest timestamp is older than this. 0: nothing depends on timestamps."},
	{"courier_ca", SLUSS_SETTING_PATH, AT(courier_ca), "", 0, 0, 0, "",
	    "Certificates of the authorities that https servers of witness and timestamp_url are checked against (PEM). Empty: no https."},

	{"issuer", SLUSS_SETTING_ISSUER, AT(issuer), "", 0, 0, CORE | IDP, "",
	    "An identity provider (OpenID Connect), as key=value pairs with spaces between them: name, kind (person or staff), url (its issuer identifier), client_id, authorize, token and jwks (its endpoints), jwks_file instead of jwks (a JWK Set with the only keys that count: core reads it at start, nobody fetches keys, so that whoever owns the role idp cannot bring false ones; when the provider changes its keys, change the file and restart), display (for people, \"in quotes\" where it has spaces), scope (openid), acr, secret_file (the client's secret; only the role idp gets it); for persons person_claim, the claim with the personal identity number; for staff officer_claim, and agency, or agency_claim with agencies=ID,ID. May stand several times."},
	{"redirect_url", SLUSS_SETTING_URL, AT(redirect_url), "", 0, 0, CORE, "",
	    "Where identity providers send people back to: the address of this gateway's pages, ending in /login/return."},
	{"idp_ca", SLUSS_SETTING_PATH, AT(idp_ca), "", 0, 0, 0, "",
	    "Certificates of the authorities that the issuers' https servers are checked against (PEM)."},

	{"web_threads", SLUSS_SETTING_NUMBER, AT(web_threads), "1", 1, 64, WEB, "threads", "Threads that parse HTTP."},
	{"edge_threads", SLUSS_SETTING_NUMBER, AT(edge_threads), "1", 1, 16, EDGE, "threads", "Threads that do TLS."},
	{"verify_threads", SLUSS_SETTING_NUMBER, AT(verify_threads), "2", 1, 64, CORE, "threads",
	    "Threads that check signatures."},

	{"demo_clock", SLUSS_SETTING_BOOL, AT(demo_clock), "false", 0, 0, CORE, "",
	    "Demo authorities only: AdminService.StepClock may move the clock forward."},
	{"demo_clock_start", SLUSS_SETTING_TIME, AT(demo_clock_start), "", 0, 0, CORE, "",
	    "With demo_clock: the time at the log's first record (RFC 3339). Empty: now."},

	{"user_edge", SLUSS_SETTING_STRING, AT(user_edge), "sluss-edge", 0, 0, EDGE, "",
	    "User that edge becomes when slussd starts as root; when there is no such user it stays and says so."},
	{"user_web", SLUSS_SETTING_STRING, AT(user_web), "sluss-web", 0, 0, WEB, "", "The same for web."},
	{"user_core", SLUSS_SETTING_STRING, AT(user_core), "sluss-core", 0, 0, CORE, "",
	    "The same for core; must own state_dir/db."},
	{"user_courier", SLUSS_SETTING_STRING, AT(user_courier), "sluss-courier", 0, 0, COURIER, "",
	    "The same for courier, the only process that speaks outwards; it is started only when a setting names whom to speak to."},
	{"user_idp", SLUSS_SETTING_STRING, AT(user_idp), "sluss-idp", 0, 0, IDP, "",
	    "The same for idp, the only process that speaks to identity providers; it is started only when there is an issuer."},
	{"sandbox", SLUSS_SETTING_SANDBOX, AT(sandbox), "auto", 0, 0, ALL, "",
	    "auto: seccomp and Landlock as far as the kernel has them. off: neither; only for sanitizer builds and debugging."},
};
// clang-format on

const struct sluss_settings_program sluss_settings_gateway = {
    "slussd", table, sizeof(table) / sizeof(table[0]), sizeof(struct sluss_settings)};

const struct sluss_setting *sluss_settings_table(size_t *count_out)
{
	*count_out = sizeof(table) / sizeof(table[0]);
	return table;
}
