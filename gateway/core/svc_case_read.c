// SPDX-License-Identifier: EUPL-1.2
// Persons and members as statements about cases name them.
#include "svc_case_read.h"

#include <sodium.h>
#include <stdio.h>

#include "svc_common.h"

enum {
	MEMBERS_MAX = 32,
	OFFICERS_MAX = 16,
};

static bool wrong(struct sluss_txn *txn, const char *field, const char *why)
{
	sluss_txn_refuse(txn, SLUSS_CODE_INVALID_ARGUMENT, SLUSS_MALFORMED, field, "%s", why);
	return false;
}

// ---- persons

static const char *person_field(struct sluss_txn *txn, const char *field, size_t max, size_t index, const char *part)
{
	return max == 1 ? svc_path(txn, "%s.%s", field, part) : svc_path(txn, "%s[%zu].%s", field, index, part);
}

static bool copy_text(char *to, size_t room, const char *from)
{
	size_t len = strlen(from);
	if (len >= room)
		return false;
	memcpy(to, from, len + 1);
	return true;
}

// Somebody who is registered already: the stated birth date must be the one that stands there.
static bool same_birth(struct sluss_txn *txn, const struct sluss_person *stated, const char *field)
{
	struct sluss_date known;
	if (stated->birth.year == 0 || !sluss_persons_birth(sluss_txn_persons(txn), &stated->id, &known) ||
	    sluss_date_compare(known, stated->birth) == 0)
		return true;
	sluss_txn_refuse(txn, SLUSS_CODE_ALREADY_EXISTS, SLUSS_ID_REUSED, field, "a person with this id is registered with another birth date");
	return false;
}

static bool read_person(
    struct sluss_txn *txn, const Sluss__V1__Person *from, const char *field, size_t max, size_t index, struct sluss_person *p, bool *known)
{
	struct sluss_person row;
	if (!svc_read_id(txn, from->person_id, person_field(txn, field, max, index, "person_id"), &p->id))
		return false;
	if (!copy_text(p->name, sizeof(p->name), from->name))
		return wrong(txn, person_field(txn, field, max, index, "name"), "a name has at most 200 octets");
	if (!copy_text(p->language, sizeof(p->language), from->language))
		return wrong(txn, person_field(txn, field, max, index, "language"), "a BCP 47 language tag of at most 15 octets is needed here");
	if (from->personal_identity_number[0] != '\0' &&
	    (!sluss_pin_valid(from->personal_identity_number) || !copy_text(p->pin, sizeof(p->pin), from->personal_identity_number)))
		return wrong(txn, person_field(txn, field, max, index, "personal_identity_number"),
		    "twelve digits YYYYMMDDNNNC with a right check digit are needed here");
	if (from->birth_date[0] != '\0' && !sluss_date_parse(from->birth_date, &p->birth))
		return wrong(txn, person_field(txn, field, max, index, "birth_date"), "a date as YYYY-MM-DD is needed here");
	struct sluss_store *store = sluss_txn_store(txn);
	if (store == NULL)
		return false;
	enum sluss_store_result r = sluss_persons_get(sluss_txn_persons(txn), store, &p->id, &row);
	*known = r == SLUSS_STORE_OK;
	if (*known && p->birth.year == 0)
		p->birth = row.birth;
	sodium_memzero(&row, sizeof(row));
	return sluss_txn_stored(txn, r) && (!*known || same_birth(txn, p, person_field(txn, field, max, index, "person_id")));
}

bool svc_read_persons(struct sluss_txn *txn, size_t count, Sluss__V1__Person *const *from, const char *field, size_t max,
    struct svc_persons *persons_out)
{
	if (count > max)
		return wrong(txn, field, "more persons than a case can have");
	*persons_out = (struct svc_persons){.persons = sluss_arena_array(txn->arena, count, sizeof(struct sluss_person)),
	    .known = sluss_arena_array(txn->arena, count, sizeof(bool)), .count = count};
	if (persons_out->persons == NULL || persons_out->known == NULL)
		return svc_no_memory(txn);
	for (size_t i = 0; i < count; i++)
		if (!read_person(txn, from[i], field, max, i, &persons_out->persons[i], &persons_out->known[i]))
			return false;
	return true;
}

bool svc_distinct(struct sluss_txn *txn, const struct sluss_person *subject, const struct svc_persons *guardians)
{
	for (size_t i = 0; i < guardians->count; i++) {
		const struct sluss_id *id = &guardians->persons[i].id;
		if (sluss_id_equal(id, &subject->id))
			return wrong(txn, svc_path(txn, "guardians[%zu].person_id", i), "nobody is their own guardian");
		for (size_t j = 0; j < i; j++)
			if (sluss_id_equal(id, &guardians->persons[j].id))
				return wrong(txn, svc_path(txn, "guardians[%zu].person_id", i), "this person stands in the list twice");
	}
	return true;
}

bool svc_register(struct sluss_txn *txn, const struct svc_persons *persons, bool age)
{
	for (size_t i = 0; i < persons->count; i++) {
		struct sluss_person *p = &persons->persons[i];
		struct sluss_store *store = sluss_txn_store(txn);
		uint8_t from, until;
		if (store == NULL)
			return false;
		if (!persons->known[i] && !sluss_txn_stored(txn, sluss_persons_put(sluss_txn_persons(txn), store, p)))
			return false;
		if (age && persons->known[i] && sluss_person_age(txn->state, &p->id, &from, &until))
			continue; // its band stands already and birthdays keep it up to date
		if (age && persons->known[i] && !sluss_txn_stored(txn, sluss_persons_get(sluss_txn_persons(txn), store, &p->id, p)))
			return false;
		if (age && !sluss_txn_person_age(txn, p))
			return false;
	}
	return true;
}

// ---- members

static bool is_coordinator(const char *officer, size_t count, char *const *coordinators)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(officer, coordinators[i]) == 0)
			return true;
	return false;
}

static bool read_officers(struct sluss_txn *txn, const Sluss__V1__Member *from, size_t index, size_t coordinator_count,
    char *const *coordinators, struct sluss_member *member)
{
	if (from->n_contact_officer_ids == 0 || from->n_contact_officer_ids > OFFICERS_MAX)
		return wrong(txn, svc_path(txn, "members[%zu].contact_officer_ids", index), "a member has 1 to 16 contact officers");
	struct sluss_member_officer *officers =
	    sluss_arena_array(txn->arena, from->n_contact_officer_ids, sizeof(*officers));
	if (officers == NULL)
		return svc_no_memory(txn);
	for (size_t i = 0; i < from->n_contact_officer_ids; i++) {
		const char *id = from->contact_officer_ids[i];
		if (!sluss_is_officer_id(id, strlen(id)))
			return wrong(txn, svc_path(txn, "members[%zu].contact_officer_ids[%zu]", index, i), "an officer id is needed here");
		for (size_t j = 0; j < i; j++)
			if (strcmp(officers[j].officer, id) == 0)
				return wrong(txn, svc_path(txn, "members[%zu].contact_officer_ids[%zu]", index, i), "this officer stands here twice");
		officers[i] = (struct sluss_member_officer){id, is_coordinator(id, coordinator_count, coordinators)};
	}
	member->officers = officers;
	member->officer_count = from->n_contact_officer_ids;
	return true;
}

static bool read_member(struct sluss_txn *txn, const Sluss__V1__Member *from, size_t index, size_t coordinator_count,
    char *const *coordinators, struct svc_members *members)
{
	if (sluss_state_agency_type(txn->state, from->agency_id) == SLUSS_AGENCY_NONE) {
		sluss_txn_refuse(txn, SLUSS_CODE_INVALID_ARGUMENT, SLUSS_UNKNOWN_AGENCY, svc_path(txn, "members[%zu].agency_id", index), NULL);
		return false;
	}
	if (!svc_no_auditor(txn, from->agency_id, svc_path(txn, "members[%zu].agency_id", index)))
		return false;
	for (size_t i = 0; i < index; i++)
		if (strcmp(members->members[i].agency, from->agency_id) == 0)
			return wrong(txn, svc_path(txn, "members[%zu].agency_id", index), "this agency stands in the list twice");
	bool own = strcmp(from->agency_id, txn->caller) == 0;
	members->members[index].agency = from->agency_id;
	return read_officers(txn, from, index, own ? coordinator_count : 0, coordinators, &members->members[index]);
}

// Every coordinator is one of the caller's contact officers.
static bool check_coordinators(struct sluss_txn *txn, size_t count, char *const *coordinators, const struct svc_members *members)
{
	const struct sluss_member *own = NULL;
	for (size_t i = 0; i < members->count; i++)
		if (strcmp(members->members[i].agency, txn->caller) == 0)
			own = &members->members[i];
	if (own == NULL)
		return wrong(txn, "members", "the agency that leads the case is a member");
	if (count == 0)
		return wrong(txn, "coordinator_officer_ids", "a case has at least one coordinator");
	for (size_t i = 0; i < count; i++) {
		bool found = false;
		for (size_t j = 0; j < own->officer_count; j++)
			found = found || strcmp(own->officers[j].officer, coordinators[i]) == 0;
		if (!found)
			return wrong(txn, svc_path(txn, "coordinator_officer_ids[%zu]", i), "a coordinator is a contact officer of the leading agency");
	}
	return true;
}

bool svc_read_members(struct sluss_txn *txn, size_t count, Sluss__V1__Member *const *from, size_t coordinator_count,
    char *const *coordinators, struct svc_members *members_out)
{
	if (count == 0 || count > MEMBERS_MAX)
		return wrong(txn, "members", "a case has 1 to 32 members");
	*members_out = (struct svc_members){sluss_arena_array(txn->arena, count, sizeof(struct sluss_member)), count};
	if (members_out->members == NULL)
		return svc_no_memory(txn);
	for (size_t i = 0; i < count; i++)
		if (!read_member(txn, from[i], i, coordinator_count, coordinators, members_out))
			return false;
	return check_coordinators(txn, coordinator_count, coordinators, members_out);
}

// ---- free text

bool svc_keep_text(
    struct sluss_txn *txn, enum svc_text kind, const struct sluss_id *id, const char *text, uint8_t hash_out[SLUSS_HASH_BYTES])
{
	static const uint8_t tag[] = {'s', 'l', 'u', 's', 's', '-', 't', 'e', 'x', 't', '-', 'v', '1'};
	uint8_t key[1 + SLUSS_ID_BYTES], salt[16];
	size_t text_len = strlen(text), row_len = sizeof(salt) + text_len + SLUSS_PERSONS_SEAL_EXTRA;
	key[0] = (uint8_t)kind;
	memcpy(key + 1, id->b, sizeof(id->b));
	randombytes_buf(salt, sizeof(salt));
	crypto_hash_sha256_state hash;
	crypto_hash_sha256_init(&hash);
	crypto_hash_sha256_update(&hash, tag, sizeof(tag));
	crypto_hash_sha256_update(&hash, salt, sizeof(salt));
	crypto_hash_sha256_update(&hash, (const uint8_t *)text, text_len);
	crypto_hash_sha256_final(&hash, hash_out);
	uint8_t *row = sluss_arena_alloc(txn->arena, row_len);
	if (row == NULL)
		return svc_no_memory(txn);
	memcpy(row, salt, sizeof(salt));
	sluss_persons_seal_text(sluss_txn_persons(txn), (struct sluss_bytes){key, sizeof(key)},
	    (struct sluss_bytes){(const uint8_t *)text, text_len}, row + sizeof(salt));
	return sluss_txn_put_side(txn, SLUSS_SIDE_TEXT, (struct sluss_bytes){key, sizeof(key)}, (struct sluss_bytes){row, row_len});
}
