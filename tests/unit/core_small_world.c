// SPDX-License-Identifier: EUPL-1.2
// The small world that stands in the log before core starts, written as records.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "core_world.h"
#include "writer.h"


static const enum sluss_agency_type types[WHO_COUNT] = {
    SLUSS_AGENCY_SOCIAL_SERVICES, SLUSS_AGENCY_POLICE, SLUSS_AGENCY_SCHOOL, SLUSS_AGENCY_SOCIAL_SERVICES};

static void append(struct sluss_writer *writer, const struct sluss_record *record)
{
	assert_int_equal(sluss_batch_append(writer, record, NULL), SLUSS_BATCH_OK);
}

static void enrol_all(struct world *w, struct sluss_writer *writer)
{
	for (int i = 0; i < WHO_COUNT; i++) {
		struct sluss_record record = {.type = SLUSS_REC_AGENCY_ENROLLED,
		    .u.agency_enrolled = {.agency = world_names[i], .type = types[i]}};
		memcpy(record.u.agency_enrolled.sign_key, sluss_signing_key_public(w->actors[i].sign), 32);
		memcpy(record.u.agency_enrolled.seal_key, sluss_sealing_key_public(w->actors[i].seal), 32);
		memcpy(record.u.agency_enrolled.certificate, w->actors[i].certificate, 32);
		append(writer, &record);
	}
}

static void open_case(struct sluss_writer *writer, const struct sluss_id *case_id, const struct sluss_id *subject)
{
	struct sluss_record record = {.type = SLUSS_REC_PERSON_AGE, .u.person_age = {.person = *subject}};
	sluss_age_band(sluss_state_policy(writer->world->state), 22, &record.u.person_age.from_years,
	    &record.u.person_age.until_years);
	append(writer, &record);
	append(writer, &(struct sluss_record){.type = SLUSS_REC_CASE_OPENED,
			   .u.case_opened = {.case_id = *case_id,
			       .subject = *subject,
			       .programme = "SIG_YOUNG_ADULTS",
			       .phase = SLUSS_PHASE_INQUIRY,
			       .agency = world_names[SOC],
			       .officer = "s1",
			       .reporter = ""}});
	struct sluss_member_officer lead = {.officer = "s1", .coordinator = true}, police = {.officer = "p1"},
				    school = {.officer = "t1"};
	struct sluss_member members[] = {
	    {world_names[SOC], &lead, 1}, {world_names[POL], &police, 1}, {world_names[SCH], &school, 1}};
	append(writer, &(struct sluss_record){.type = SLUSS_REC_MEMBERS_SET,
			   .u.members_set = {.case_id = *case_id,
			       .members = members,
			       .member_count = 3,
			       .agency = world_names[SOC],
			       .officer = "s1"}});
	append(writer,
	    &(struct sluss_record){.type = SLUSS_REC_PHASE_SET,
		.u.phase_set = {
		    .case_id = *case_id, .phase = SLUSS_PHASE_ENROLLED, .agency = world_names[SOC], .officer = "s1"}});
}

static struct sluss_grant grant(const struct sluss_id *id, const char *category, enum who from, enum who to)
{
	return (struct sluss_grant){.grant = *id,
	    .category = category,
	    .sender = world_names[from],
	    .recipient = world_names[to],
	    .purpose = SLUSS_PURPOSE_COORDINATION,
	    .from_ms = START_MS - 1000,
	    .until_ms = START_MS + WORLD_YEAR_MS};
}

static void give_consent(struct world *w, struct sluss_writer *writer)
{
	struct sluss_id more[2];
	sluss_id_random(&more[0]);
	sluss_id_random(&more[1]);
	// The last two are the links that the programme cannot do without.
	struct sluss_grant grants[] = {grant(&w->grant_soc, "school_attendance", SCH, SOC),
	    grant(&w->grant_pol, "school_attendance", SCH, POL), grant(&more[0], "enrolment", SOC, POL),
	    grant(&more[1], "enrolment", POL, SOC)};
	append(writer, &(struct sluss_record){.type = SLUSS_REC_CONSENT_RECORDED,
			   .u.consent_recorded = {.consent = w->consent,
			       .case_id = w->case_id,
			       .grants = grants,
			       .grant_count = 4,
			       .text_version = "1",
			       .language = "sv",
			       .channel = SLUSS_CHANNEL_PAPER,
			       .obtained_ms = START_MS - 1000,
			       .agency = world_names[SOC],
			       .officer = "s1"}});
	append(writer, &(struct sluss_record){.type = SLUSS_REC_GRANT_STATUS,
			   .u.grant_status = {.case_id = w->case_id,
			       .act = SLUSS_ACT_GIVE,
			       .person = w->subject,
			       .consent = w->consent,
			       .channel = SLUSS_CHANNEL_PAPER,
			       .agency = world_names[SOC],
			       .officer = "s1"}});
}

// The other subject lets the school tell social services about attendance.
static void give_other_consent(struct world *w, struct sluss_writer *writer)
{
	struct sluss_id id;
	sluss_id_random(&id);
	struct sluss_grant one = grant(&id, "school_attendance", SCH, SOC);
	append(writer, &(struct sluss_record){.type = SLUSS_REC_CONSENT_RECORDED,
			   .u.consent_recorded = {.consent = w->other_consent,
			       .case_id = w->other_case,
			       .grants = &one,
			       .grant_count = 1,
			       .text_version = "1",
			       .language = "sv",
			       .channel = SLUSS_CHANNEL_PAPER,
			       .obtained_ms = START_MS - 1000,
			       .agency = world_names[SOC],
			       .officer = "s1"}});
	append(writer, &(struct sluss_record){.type = SLUSS_REC_GRANT_STATUS,
			   .u.grant_status = {.case_id = w->other_case,
			       .act = SLUSS_ACT_GIVE,
			       .person = w->other_subject,
			       .consent = w->other_consent,
			       .channel = SLUSS_CHANNEL_PAPER,
			       .agency = world_names[SOC],
			       .officer = "s1"}});
}

void world_write(struct world *w)
{
	struct sluss_queue nobody;
	struct sluss_store_error error;
	struct sluss_keys keys = {{1}, {2}};
	assert_true(sluss_queue_init(&nobody, -1));
	int fd = world_policy_fd();
	char *policy = malloc(1 << 20);
	ssize_t len = pread(fd, policy, 1 << 20, 0);
	assert_true(len > 0);
	struct sluss_writer *writer = sluss_writer_open(
	    &w->config, &keys, (struct sluss_bytes){(uint8_t *)policy, (size_t)len}, NULL, &nobody, &error);
	if (writer == NULL)
		fail_msg("%s", error.text);
	sluss_batch_start(writer);
	enrol_all(w, writer);
	open_case(writer, &w->case_id, &w->subject);
	open_case(writer, &w->other_case, &w->other_subject);
	give_consent(w, writer);
	give_other_consent(w, writer);
	assert_true(sluss_batch_commit(writer));
	w->records = writer->world->size;
	sluss_writer_close(&writer);
	sluss_queue_destroy(&nobody);
	close(fd);
	free(policy);
}
