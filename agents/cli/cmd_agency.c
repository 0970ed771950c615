// SPDX-License-Identifier: EUPL-1.2
// sluss agency: joining, the directory, own keys.
#include <stdlib.h>

#include "cli.h"
#include "record.h"

// ---- enrol

static bool copy_option(struct cli *cli, const char *option, bool needed, char *to, size_t room)
{
	const char *value = needed ? cli_need(cli, option) : cli_get(cli, option);
	if (value == NULL) {
		return !needed;
	}
	if (strlen(value) >= room) {
		(void)cli_fail(cli, CLI_USAGE, option, "--%s is longer than %zu octets", option, room - 1);
		return false;
	}
	memcpy(to, value, strlen(value) + 1);
	return true;
}

static bool read_config(struct cli *cli, struct sluss_profile_config *config)
{
	memset(config, 0, sizeof(*config));
	if (!copy_option(cli, "url", true, config->public_url, sizeof(config->public_url)) ||
	    !copy_option(cli, "agency-url", true, config->agency_url, sizeof(config->agency_url)) ||
	    !copy_option(cli, "authority", true, config->authority, sizeof(config->authority)) ||
	    !copy_option(cli, "agency", true, config->agency_id, sizeof(config->agency_id)) ||
	    !copy_option(cli, "officer", false, config->officer_id, sizeof(config->officer_id))) {
		return false;
	}
	if (!sluss_is_agency_id(config->agency_id, strlen(config->agency_id))) {
		(void)cli_fail(cli, CLI_USAGE, "agency",
		    "--agency: '%s' is not an agency id (a-z, 0-9 and '-', at most %d)", config->agency_id,
		    SLUSS_AGENCY_MAX);
		return false;
	}
	return true;
}

static const char *read_token(struct cli *cli)
{
	const char *token = cli_get(cli, "token");
	if (token != NULL) {
		return token;
	}
	const char *file = cli_get(cli, "token-file");
	size_t len = 0;
	char *text = file == NULL ? NULL : cli_read_file(cli, "token-file", file, 4096, &len);
	if (file == NULL) {
		(void)cli_fail(cli, CLI_USAGE, "token",
		    "--token TOKEN or --token-file FILE is needed: the one-time token that the authority handed out");
	}
	if (text != NULL) {
		text[strcspn(text, "\r\n \t")] = '\0';
	}
	return text;
}

// Keys that an enrolment brings: the profile's own, or (again) fresh ones that become them.
struct joining {
	struct sluss_profile *profile;
	struct sluss_client_settings settings;
	struct sluss_signing_key *signing; // NULL: the profile's
	struct sluss_sealing_key *sealing;
	const struct sluss_sealing_key *only[1];
};

static enum sluss_profile_result keep_enrolment(
    struct joining *joining, const Sluss__V1__EnrolResponse *r, char *problem)
{
	enum sluss_profile_result result = SLUSS_PROFILE_OK;
	if (joining->signing != NULL) {
		result = sluss_profile_keep_certificate(joining->profile, r->certificate_chain, problem);
		if (result == SLUSS_PROFILE_OK) {
			result = sluss_profile_promote_keys(joining->profile, problem);
		}
	}
	return result == SLUSS_PROFILE_OK
		   ? sluss_profile_save_enrolment(joining->profile, r->certificate_chain, r->log_verifier_key, problem)
		   : result;
}

static enum cli_exit store_enrolment(struct cli *cli, struct joining *joining, const Sluss__V1__EnrolResponse *r)
{
	struct sluss_profile *profile = joining->profile;
	char problem[SLUSS_PROFILE_TEXT_MAX];
	const char *authority = sluss_profile_config(profile)->authority;
	if (strcmp(r->authority, authority) != 0) {
		return cli_fail(cli, CLI_UNVERIFIED, "authority", "the gateway calls itself '%s', not '%s'",
		    r->authority, authority);
	}
	enum sluss_receipt_verdict verdict = sluss_receipt_check(r->log_verifier_key, r->receipt, NULL);
	if (verdict != SLUSS_VERDICT_VALID) {
		return cli_fail(cli, CLI_UNVERIFIED, "", "the receipt of the enrolment does not hold: %s",
		    sluss_receipt_verdict_name(verdict));
	}
	const struct sluss_client_settings own = joining->settings;
	Sluss__V1__AgencyKeys keys = SLUSS__V1__AGENCY_KEYS__INIT;
	keys.signing_key = (ProtobufCBinaryData){SLUSS_KEY_BYTES, cli_alloc(cli, SLUSS_KEY_BYTES)};
	keys.sealing_key = (ProtobufCBinaryData){SLUSS_KEY_BYTES, cli_alloc(cli, SLUSS_KEY_BYTES)};
	memcpy(keys.signing_key.data, sluss_signing_key_public(own.signing_key), SLUSS_KEY_BYTES);
	memcpy(keys.sealing_key.data, sluss_sealing_key_public(own.sealing_keys[0]), SLUSS_KEY_BYTES);
	if (!sluss_record_binds_keys(
		(struct sluss_bytes){r->receipt->log_entry.data, r->receipt->log_entry.len}, own.agency_id, &keys)) {
		return cli_fail(cli, CLI_UNVERIFIED, "", "the log does not bind our keys to %s", own.agency_id);
	}
	const char *pinned = cli_get(cli, "log-key");
	if (pinned != NULL && strcmp(pinned, r->log_verifier_key) != 0) {
		return cli_fail(cli, CLI_UNVERIFIED, "log-key", "the gateway's log has another key than --log-key");
	}
	if (keep_enrolment(joining, r, problem) != SLUSS_PROFILE_OK) {
		return cli_fail(cli, CLI_INTERNAL, "", "%s", problem);
	}
	cli_say(cli, "%s has joined %s.", sluss_profile_config(profile)->agency_id, r->authority);
	cli_say(cli, "  log key (compare it with what the authority published): %s", r->log_verifier_key);
	cli_print_receipt(cli, r->receipt);
	return cli_show(cli, &r->base);
}

static enum cli_exit enrol_with(struct cli *cli, struct joining *joining, const struct sluss_enrol_token *token)
{
	const char *problem = NULL;
	joining->settings.log_verifier_key = NULL; // checked below, with the key of the answer
	struct sluss_client *client = sluss_client_new(&joining->settings, &problem);
	if (client == NULL) {
		return cli_fail(cli, CLI_USAGE, "", "%s", problem);
	}
	Sluss__V1__EnrolRequest request = SLUSS__V1__ENROL_REQUEST__INIT;
	Sluss__V1__EnrolResponse *response = NULL;
	char *csr = joining->signing == NULL ? sluss_profile_certificate_request(joining->profile)
					     : sluss_profile_next_certificate_request(joining->profile);
	request.agency_id = cli_format(cli, "%s", joining->settings.agency_id);
	request.certificate_request = csr;
	enum cli_exit code = CLI_OK;
	if (csr == NULL) {
		code = cli_fail(cli, CLI_INTERNAL, "", "the certificate request cannot be made");
	} else if (sluss_client_enrol(client, token, &request, &response) != SLUSS_CLIENT_OK) {
		code = cli_fail_client(cli, client);
	}
	if (code == CLI_OK) {
		cli_own_message(cli, response);
		code = store_enrolment(cli, joining, response);
	}
	free(csr);
	sluss_client_free(&client);
	return code;
}

static enum cli_exit join(struct cli *cli, struct sluss_profile *profile, const struct sluss_enrol_token *token)
{
	struct joining joining = {.profile = profile};
	char problem[SLUSS_PROFILE_TEXT_MAX];
	bool again = sluss_profile_is_enrolled(profile);
	if (again && !cli_has(cli, "again")) {
		return cli_fail(cli, CLI_USAGE, "profile",
		    "%s is enrolled already; --again does it anyway, with new keys", cli_profile_folder(cli));
	}
	sluss_profile_settings(profile, true, &joining.settings);
	if (again) {
		if (sluss_profile_next_keys(profile, &joining.signing, &joining.sealing, problem) != SLUSS_PROFILE_OK) {
			return cli_fail(cli, CLI_INTERNAL, "", "%s", problem);
		}
		joining.only[0] = joining.sealing;
		joining.settings.signing_key = joining.signing;
		joining.settings.sealing_keys = joining.only;
		joining.settings.sealing_key_count = 1;
	}
	enum cli_exit code = enrol_with(cli, &joining, token);
	sluss_signing_key_free(&joining.signing);
	sluss_sealing_key_free(&joining.sealing);
	return code;
}

static enum cli_exit enrol(struct cli *cli)
{
	struct sluss_profile_config config;
	struct sluss_profile *profile = NULL;
	char problem[SLUSS_PROFILE_TEXT_MAX];
	const char *ca = cli_need(cli, "ca");
	if (ca == NULL || !read_config(cli, &config)) {
		return CLI_USAGE;
	}
	const char *text = read_token(cli);
	struct sluss_enrol_token token;
	if (text == NULL) {
		return CLI_USAGE;
	}
	if (!sluss_enrol_token_parse(text, &token)) {
		return cli_fail(cli, CLI_USAGE, "token",
		    "this is not an enrolment token (ID.SECRET.LOGHASH, one line, as 'sluss admin agency add' prints "
		    "it)");
	}
	if (sluss_profile_create(cli_profile_folder(cli), &config, ca, &profile, problem) != SLUSS_PROFILE_OK) {
		return cli_fail(cli, CLI_USAGE, "profile", "%s", problem);
	}
	enum cli_exit code = join(cli, profile, &token);
	sluss_profile_free(&profile);
	cli_session_forget(cli);
	return code;
}

// ---- directory

static void print_agency(struct cli *cli, const Sluss__V1__Agency *a)
{
	cli_say(cli, "%s  %s  %s%s", a->agency_id,
	    cli_enum_text(cli, &sluss__v1__agency_type__descriptor, (int)a->type), a->display_name,
	    a->left ? "  (has left)" : "");
	for (size_t i = 0; i < a->n_keys; i++) {
		const Sluss__V1__AgencyKeys *k = a->keys[i];
		char sign[SLUSS_KEY_ID_TEXT] = "?";
		char seal[SLUSS_KEY_ID_TEXT] = "?";
		if (k->signing_key.len == SLUSS_KEY_BYTES && k->sealing_key.len == SLUSS_KEY_BYTES) {
			sluss_key_id(SLUSS_KEY_USE_SIGN, k->signing_key.data, sign);
			sluss_key_id(SLUSS_KEY_USE_SEAL, k->sealing_key.data, seal);
		}
		cli_say(cli, "  signs with %s, sealed to %s, since %s%s, log entry %llu", sign, seal,
		    cli_time_text(cli, k->valid_from), k->revoked ? ", revoked" : "", (unsigned long long)k->log_index);
	}
}

static enum cli_exit list(struct cli *cli)
{
	int type = 0;
	const char *text = cli_get(cli, "type");
	Sluss__V1__ListAgenciesResponse *r = NULL;
	if (text != NULL && !cli_read_enum(cli, "type", &sluss__v1__agency_type__descriptor, text, &type)) {
		return CLI_USAGE;
	}
	struct sluss_client *client = cli_client(cli);
	if (client == NULL) {
		return CLI_USAGE;
	}
	if (sluss_client_agencies(client, (Sluss__V1__AgencyType)type, &r) != SLUSS_CLIENT_OK) {
		return cli_fail_client(cli, client);
	}
	cli_own_message(cli, r);
	for (size_t i = 0; i < r->n_agencies; i++) {
		print_agency(cli, r->agencies[i]);
	}
	return cli_show(cli, &r->base);
}

static enum cli_exit show(struct cli *cli)
{
	Sluss__V1__GetAgencyResponse *r = NULL;
	struct sluss_client *client = cli_client(cli);
	if (client == NULL) {
		return CLI_USAGE;
	}
	if (sluss_client_agency(client, cli->arguments[0], &r) != SLUSS_CLIENT_OK) {
		return cli_fail_client(cli, client);
	}
	cli_own_message(cli, r);
	if (r->agency != NULL) {
		print_agency(cli, r->agency);
	}
	return cli_show(cli, &r->base);
}

// ---- own keys

static enum cli_exit show_keys(struct cli *cli)
{
	struct sluss_profile *profile = cli_profile(cli);
	struct sluss_client_settings s;
	if (profile == NULL) {
		return CLI_USAGE;
	}
	sluss_profile_settings(profile, false, &s);
	const char *signing = sluss_signing_key_id(s.signing_key);
	const char *sealing = sluss_sealing_key_id(s.sealing_keys[0]);
	cli_say(cli, "%s at %s: signs with %s, others seal to %s (%zu older kept)", s.agency_id, s.authority, signing,
	    sealing, s.sealing_key_count - 1);
	return cli_show_tree(
	    cli, json_pack("{s:s,s:s,s:s,s:s,s:I,s:b,s:s}", "agencyId", s.agency_id, "authority", s.authority,
		     "signingKeyId", signing, "sealingKeyId", sealing, "olderSealingKeys",
		     (json_int_t)(s.sealing_key_count - 1), "enrolled", sluss_profile_is_enrolled(profile),
		     "logVerifierKey", s.log_verifier_key == NULL ? "" : s.log_verifier_key));
}

static enum cli_exit rotate(
    struct cli *cli, struct sluss_client *client, struct sluss_signing_key *signing, struct sluss_sealing_key *sealing)
{
	Sluss__V1__RotateKeys draft = SLUSS__V1__ROTATE_KEYS__INIT;
	Sluss__V1__RotateKeysResponse *r = NULL;
	char problem[SLUSS_PROFILE_TEXT_MAX];
	uint64_t hours = 24;
	const char *overlap = cli_get(cli, "overlap-hours");
	if (overlap != NULL && !cli_read_number(cli, "overlap-hours", overlap, 720, &hours)) {
		return CLI_USAGE;
	}
	draft.overlap_hours = (uint32_t)hours;
	char *request = sluss_profile_next_certificate_request(cli_profile(cli));
	if (request == NULL) {
		return cli_fail(cli, CLI_INTERNAL, "", "the certificate request cannot be made");
	}
	draft.certificate_request = request;
	enum sluss_client_result result = sluss_client_rotate_keys(client, &draft, signing, sealing, &r);
	free(request);
	if (result != SLUSS_CLIENT_OK) {
		return cli_fail_client(cli, client);
	}
	cli_own_message(cli, r);
	if (r->certificate[0] == '\0') {
		return cli_fail(cli, CLI_UNVERIFIED, "", "the gateway answered without the new client certificate");
	}
	if (sluss_profile_keep_certificate(cli_profile(cli), r->certificate, problem) != SLUSS_PROFILE_OK ||
	    sluss_profile_promote_keys(cli_profile(cli), problem) != SLUSS_PROFILE_OK) {
		return cli_fail(cli, CLI_INTERNAL, "", "%s", problem);
	}
	cli_say(cli,
	    "New keys and a new client certificate are in force: signs with %s, sealed to %s. The old ones count for "
	    "%llu hours more.",
	    sluss_signing_key_id(signing), sluss_sealing_key_id(sealing), (unsigned long long)hours);
	cli_print_receipt(cli, r->receipt);
	return cli_show(cli, &r->base);
}

static enum cli_exit keys(struct cli *cli)
{
	if (!cli_has(cli, "rotate")) {
		return show_keys(cli);
	}
	struct sluss_client *client = cli_client(cli);
	struct sluss_signing_key *signing = NULL;
	struct sluss_sealing_key *sealing = NULL;
	char problem[SLUSS_PROFILE_TEXT_MAX];
	if (client == NULL) {
		return CLI_USAGE;
	}
	if (sluss_profile_next_keys(cli_profile(cli), &signing, &sealing, problem) != SLUSS_PROFILE_OK) {
		return cli_fail(cli, CLI_INTERNAL, "", "%s", problem);
	}
	enum cli_exit code = rotate(cli, client, signing, sealing);
	sluss_signing_key_free(&signing);
	sluss_sealing_key_free(&sealing);
	cli_session_forget(cli);
	return code;
}

// ---- table

static const struct cli_option enrol_options[] = {
    {"url", CLI_TEXT, "URL", "the gateway's public port: https://host:port"},
    {"agency-url", CLI_TEXT, "URL", "the gateway's agency port: https://host:port"},
    {"ca", CLI_TEXT, "FILE", "certificate authority of the gateway's own certificate (PEM)"},
    {"authority", CLI_TEXT, "NAME", "name of the authority (origin of its log), as it told you"},
    {"agency", CLI_TEXT, "ID", "which agency we are"},
    {"token", CLI_TEXT, "TOKEN",
	"one-time token from the authority (visible to others on this machine; better --token-file)"},
    {"token-file", CLI_TEXT, "FILE", "the same from a file, '-' for standard input"},
    {"log-key", CLI_TEXT, "KEY", "verifier key that the log must have; without it the key of the answer is pinned"},
    {"again", CLI_FLAG, NULL,
	"although this profile is enrolled already; with new keys, the old sealing keys still open"},
    {NULL, CLI_FLAG, NULL, NULL},
};

static const struct cli_option list_options[] = {
    {"type", CLI_TEXT, "TYPE", "only this type: police, school, social_services ..."},
    {NULL, CLI_FLAG, NULL, NULL},
};

static const struct cli_option keys_options[] = {
    {"rotate", CLI_FLAG, NULL,
	"make new keys, tell the gateway and get a new client certificate; what was sealed to the old key can still be "
	"opened"},
    {"overlap-hours", CLI_TEXT, "HOURS",
	"how long the old signing key and certificate still count; default 24, at most 720"},
    {NULL, CLI_FLAG, NULL, NULL},
};

const struct cli_verb cli_agency_verbs[] = {
    {"agency enrol", "", "Join an authority: makes keys and a profile, and gets a client certificate.", enrol_options,
	enrol, NULL},
    {"agency list", "", "Agencies that take part.", list_options, list, NULL},
    {"agency show", "ID", "One agency and its keys.", NULL, show, NULL},
    {"agency keys", "", "Own keys; --rotate renews them.", keys_options, keys, NULL},
    {NULL, NULL, NULL, NULL, NULL, NULL},
};
