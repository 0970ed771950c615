// SPDX-License-Identifier: EUPL-1.2
// The setting `issuer`: an identity provider as key=value pairs with spaces between them, values with spaces in quotes.
#include "settings_issuer.h"

#include "settings_table.h"
#include "sluss/id.h"

#include <ctype.h>

enum {
	KEY_MAX = 32,
	PART = 1 << 0,	  // must be there
	PERSONS = 1 << 1, // only for these
	STAFF = 1 << 2,
	URL = 1 << 3,	// the gateway itself asks there
	PAGE = 1 << 4,	// the browser goes there
	LOOKS = 1 << 5, // changes nothing about who gets in
};

static const struct part {
	const char *key;
	size_t offset, room;
	unsigned flags;
} parts[] = {
#define PART_OF(key, member, flags)                                                                                    \
	{                                                                                                              \
		key, offsetof(struct sluss_issuer, member), sizeof(((struct sluss_issuer *)NULL)->member), flags       \
	}
    PART_OF("name", name, PART | LOOKS),
    PART_OF("url", url, PART),
    PART_OF("client_id", client_id, PART),
    PART_OF("authorize", authorize, PART | PAGE),
    PART_OF("token", token, PART | URL),
    PART_OF("jwks", jwks, URL),
    PART_OF("jwks_file", jwks_file, LOOKS), // what it holds decides: its hash is logged, not its name
    PART_OF("scope", scope, 0),
    PART_OF("acr", acr, 0),
    PART_OF("person_claim", person_claim, PERSONS),
    PART_OF("officer_claim", officer_claim, STAFF),
    PART_OF("agency", agency, STAFF),
    PART_OF("agency_claim", agency_claim, STAFF),
    PART_OF("agencies", agencies, STAFF),
    PART_OF("display", display, LOOKS),
    PART_OF("secret_file", secret_file, LOOKS),
#undef PART_OF
};
enum { PARTS = sizeof(parts) / sizeof(parts[0]) };

static char *text_of(struct sluss_issuer *issuer, const struct part *part)
{
	return (char *)issuer + part->offset;
}

// ---- pairs

static const struct part *find(const char *key, size_t len)
{
	for (size_t i = 0; i < PARTS; i++)
		if (strlen(parts[i].key) == len && memcmp(parts[i].key, key, len) == 0)
			return &parts[i];
	return NULL;
}

// One value: up to the next space, or between quotes. NULL: no such value. Moves *text behind it.
static const char *take_value(const char **text, size_t *len_out)
{
	bool quoted = **text == '"';
	const char *from = *text + (quoted ? 1 : 0);
	size_t len = strcspn(from, quoted ? "\"" : " ");
	*len_out = len;
	*text = from + len;
	if (quoted && **text != '"')
		return NULL;
	*text += quoted ? 1 : 0;
	if (len == 0 || (**text != '\0' && **text != ' '))
		return NULL;
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)from[i] < 0x20 || from[i] == 0x7f || from[i] == '"' || from[i] == '\\')
			return NULL;
	return from;
}

static bool take_kind(struct sluss_issuer *issuer, const char *value, size_t len, bool *kind_known)
{
	issuer->staff = len == 5 && memcmp(value, "staff", 5) == 0;
	bool good = !*kind_known && (issuer->staff || (len == 6 && memcmp(value, "person", 6) == 0));
	*kind_known = true;
	return good;
}

static bool take_pair(const char **text, struct sluss_issuer *issuer, bool *kind_known, const char **why_out)
{
	size_t key_len = strcspn(*text, "= ");
	const char *key = *text;
	size_t len;
	*why_out = "key=value pairs with a space between them; values with spaces in \"quotes\"";
	if (key_len == 0 || key_len > KEY_MAX || key[key_len] != '=')
		return false;
	*text = key + key_len + 1;
	const char *value = take_value(text, &len);
	if (value == NULL)
		return false;
	*why_out = "kind=person or kind=staff, once";
	if (key_len == 4 && memcmp(key, "kind", 4) == 0)
		return take_kind(issuer, value, len, kind_known);
	const struct part *part = find(key, key_len);
	*why_out =
	    "name, kind, url, client_id, authorize, token, jwks or jwks_file, scope, acr, display, secret_file and "
	    "person_claim, or "
	    "officer_claim with agency or agency_claim and agencies: each at most once";
	if (part == NULL || text_of(issuer, part)[0] != '\0')
		return false;
	*why_out = "shorter values (URLs up to 191 octets, other texts up to 127, the name up to 31)";
	if (len >= part->room)
		return false;
	memcpy(text_of(issuer, part), value, len);
	return true;
}

// ---- what they may be

static bool is_here(const char *url)
{
	static const char *const here[] = {"http://127.0.0.1", "http://localhost", "http://[::1]"};
	for (size_t i = 0; i < sizeof(here) / sizeof(here[0]); i++) {
		size_t len = strlen(here[i]);
		if (strncmp(url, here[i], len) == 0 && strchr(":/", url[len]) != NULL)
			return true;
	}
	return false;
}

bool sluss_settings_is_safe_url(const char *url)
{
	return sluss_settings_is_url(url, strlen(url)) && (strncmp(url, "https://", 8) == 0 || is_here(url));
}

static bool is_name(const char *name)
{
	return name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-")] == '\0';
}

static bool parts_fit(struct sluss_issuer *issuer, const char **why_out)
{
	for (size_t i = 0; i < PARTS; i++) {
		const char *text = text_of(issuer, &parts[i]);
		*why_out = "name, kind, url, client_id, authorize and token: one of them is missing";
		if ((parts[i].flags & PART) != 0 && text[0] == '\0')
			return false;
		*why_out = "person_claim for kind=person only; officer_claim, agency, agency_claim and agencies for "
			   "kind=staff "
			   "only";
		if (text[0] != '\0' && (parts[i].flags & (issuer->staff ? PERSONS : STAFF)) != 0)
			return false;
		*why_out = "https URLs without user, query and fragment (http only to this machine)";
		if ((parts[i].flags & (URL | PAGE)) != 0 && text[0] != '\0' && !sluss_settings_is_safe_url(text))
			return false;
	}
	*why_out = "either jwks, where the keys are fetched, or jwks_file, a file that has them";
	if ((issuer->jwks[0] == '\0') == (issuer->jwks_file[0] == '\0'))
		return false;
	*why_out = "a name of a-z, 0-9 and hyphens";
	return is_name(issuer->name);
}

static bool agencies_fit(const char *text)
{
	while (*text != '\0') {
		size_t len = strcspn(text, ",");
		if (!sluss_is_agency_id(text, len))
			return false;
		text += len;
		if (*text == ',' && *++text == '\0')
			return false;
	}
	return true;
}

static bool owners_fit(const struct sluss_issuer *issuer, const char **why_out)
{
	*why_out = "person_claim, the claim that has the personal identity number";
	if (!issuer->staff)
		return issuer->person_claim[0] != '\0';
	*why_out = "officer_claim, the claim that has the officer's id";
	if (issuer->officer_claim[0] == '\0')
		return false;
	*why_out = "either agency=ID, or agency_claim=CLAIM with agencies=ID,ID";
	if ((issuer->agency[0] == '\0') == (issuer->agency_claim[0] == '\0') ||
	    (issuer->agency_claim[0] == '\0') != (issuer->agencies[0] == '\0'))
		return false;
	*why_out = "agency ids of the form [a-z0-9][a-z0-9-]{0,30}";
	return (issuer->agency[0] == '\0' || sluss_is_agency_id(issuer->agency, strlen(issuer->agency))) &&
	       agencies_fit(issuer->agencies);
}

bool sluss_settings_issuer(const char *text, struct sluss_issuer *issuer_out, const char **why_out)
{
	bool kind_known = false;
	*issuer_out = (struct sluss_issuer){0};
	for (text += strspn(text, " "); *text != '\0'; text += strspn(text, " "))
		if (!take_pair(&text, issuer_out, &kind_known, why_out))
			return false;
	*why_out = "kind=person or kind=staff, once";
	if (!kind_known || !parts_fit(issuer_out, why_out) || !owners_fit(issuer_out, why_out))
		return false;
	if (issuer_out->scope[0] == '\0')
		memcpy(issuer_out->scope, "openid", sizeof("openid"));
	if (issuer_out->display[0] == '\0')
		memcpy(issuer_out->display, issuer_out->name, sizeof(issuer_out->name));
	*why_out = "a scope that begins with openid";
	return strncmp(issuer_out->scope, "openid", 6) == 0 && strchr(" ", issuer_out->scope[6]) != NULL;
}

bool sluss_settings_add_issuer(const char *value, struct sluss_setting_list *list, const char **why_out)
{
	struct sluss_issuer issuer, other;
	const char *why;
	size_t len = strlen(value);
	if (len == 0)
		return true;
	*why_out = "at most 1023 octets";
	if (len >= SLUSS_SETTING_ITEM_TEXT || !sluss_settings_issuer(value, &issuer, why_out))
		return false;
	*why_out = "at most 8 issuers";
	if (list->count == SLUSS_ISSUERS_MAX)
		return false;
	*why_out = "another name: this one stands above already";
	for (uint32_t i = 0; i < list->count; i++)
		if (sluss_settings_issuer(list->items[i], &other, &why) && strcmp(other.name, issuer.name) == 0)
			return false;
	memcpy(list->items[list->count++], value, len + 1);
	return true;
}

size_t sluss_settings_issuers(const struct sluss_settings *settings, struct sluss_issuer issuers_out[SLUSS_ISSUERS_MAX])
{
	const char *why;
	size_t count = 0;
	for (uint32_t i = 0; i < settings->issuer.count && count < SLUSS_ISSUERS_MAX; i++)
		if (sluss_settings_issuer(settings->issuer.items[i], &issuers_out[count], &why))
			count++;
	return count;
}

bool sluss_settings_issuer_part(
    const struct sluss_issuer *issuer, size_t index, const char **key_out, const char **value_out)
{
	if (index >= PARTS)
		return false;
	*key_out = parts[index].key;
	*value_out = (parts[index].flags & LOOKS) != 0 ? "" : (const char *)issuer + parts[index].offset;
	return true;
}

enum sluss_settings_result sluss_settings_check_issuers(
    const struct sluss_settings *s, struct sluss_settings_error *error_out)
{
	struct sluss_issuer issuer;
	const char *why;
	bool https = false;
	for (uint32_t i = 0; i < s->issuer.count; i++)
		https =
		    https || (sluss_settings_issuer(s->issuer.items[i], &issuer, &why) &&
				 (strncmp(issuer.token, "https:", 6) == 0 || strncmp(issuer.jwks, "https:", 6) == 0));
	if (s->issuer.count > 0 && s->redirect_url[0] == '\0')
		return sluss_settings_fail(error_out, SLUSS_SETTINGS_MISSING,
		    "redirect_url must be set where there is an issuer: https://HOST/login/return");
	if (s->redirect_url[0] != '\0' && !sluss_settings_is_safe_url(s->redirect_url))
		return sluss_settings_fail(
		    error_out, SLUSS_SETTINGS_MISSING, "redirect_url must be https (http only to this machine)");
	if (s->issuer.count > 0 && s->public_listen[0] == '\0')
		return sluss_settings_fail(
		    error_out, SLUSS_SETTINGS_MISSING, "an issuer needs a public port: public_listen is empty");
	if (https && s->idp_ca[0] == '\0')
		return sluss_settings_fail(error_out, SLUSS_SETTINGS_MISSING,
		    "idp_ca must be set where an issuer's token or jwks begins with https");
	return SLUSS_SETTINGS_OK;
}
