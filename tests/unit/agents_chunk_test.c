// SPDX-License-Identifier: EUPL-1.2
// Chunks without a network: how many and how long, sealing with a place, the state of an upload, batches' proofs.
#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "batch.h"
#include "chunk_internal.h"

static void counts_and_lengths(void **state)
{
	(void)state;
	const struct {
		uint64_t octets;
		uint32_t count;
		size_t last;
	} rows[] = {{0, 0, 0}, {1, 1, 1}, {SLUSS_CHUNK_BYTES, 1, SLUSS_CHUNK_BYTES}, {SLUSS_CHUNK_BYTES + 1, 2, 1},
	    {UINT64_C(400) * SLUSS_CHUNK_BYTES, 400, SLUSS_CHUNK_BYTES}, {UINT64_C(400) * SLUSS_CHUNK_BYTES + 1, 0, 0},
	    {UINT64_MAX, 0, 0}};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(sluss_chunk_count(rows[i].octets), rows[i].count);
		assert_int_equal(sluss_chunk_len(rows[i].octets, rows[i].count), 0);
		if (rows[i].count > 0)
			assert_int_equal(sluss_chunk_len(rows[i].octets, rows[i].count - 1), rows[i].last);
		if (rows[i].count > 1)
			assert_int_equal(sluss_chunk_len(rows[i].octets, 0), SLUSS_CHUNK_BYTES);
	}
}

static void a_chunk_opens_only_in_its_place(void **state)
{
	(void)state;
	struct sluss_section_key *key = sluss_section_key_new(), *other = sluss_section_key_new();
	uint8_t header[SLUSS_HASH_BYTES] = {1}, another[SLUSS_HASH_BYTES] = {2};
	uint8_t content[1000], sealed[2000], twice[2000], back[1000];
	size_t len, len_twice, len_back;
	randombytes_buf(content, sizeof(content));
	const struct sluss_bytes plain = {content, sizeof(content)};
	assert_int_equal(sluss_chunk_seal(key, header, 3, false, plain, sealed, 1039, &len), SLUSS_SEAL_NO_ROOM);
	assert_int_equal(sluss_chunk_seal(key, header, 3, false, plain, sealed, sizeof(sealed), &len), SLUSS_SEAL_OK);
	assert_int_equal(len, sizeof(content) + SLUSS_SECTION_OVERHEAD);
	assert_int_equal(
	    sluss_chunk_seal(key, header, 3, false, plain, twice, sizeof(twice), &len_twice), SLUSS_SEAL_OK);
	assert_memory_not_equal(sealed, twice, SLUSS_SECTION_NONCE_BYTES); // never the same nonce
	const struct sluss_bytes octets = {sealed, len};
	assert_int_equal(sluss_chunk_open(key, header, 3, false, octets, back, sizeof(back), &len_back), SLUSS_SEAL_OK);
	assert_int_equal(len_back, sizeof(content));
	assert_memory_equal(content, back, sizeof(content));
	const struct {
		const struct sluss_section_key *key;
		const uint8_t *header;
		uint32_t index;
		bool last;
	} wrong[] = {{other, header, 3, false}, {key, another, 3, false}, {key, header, 2, false},
	    {key, header, 3u << 8, false}, {key, header, 3, true}};
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(sluss_chunk_open(wrong[i].key, wrong[i].header, wrong[i].index, wrong[i].last, octets,
				     back, sizeof(back), &len_back),
		    SLUSS_SEAL_TAMPERED);
	assert_int_equal(sluss_chunk_open(key, header, 3, false, octets, back, 999, &len_back), SLUSS_SEAL_NO_ROOM);
	assert_int_equal(
	    sluss_chunk_open(key, header, 3, false, (struct sluss_bytes){sealed, 39}, back, 1000, &len_back),
	    SLUSS_SEAL_TAMPERED);
	for (size_t i = 0; i < len; i += 7) {
		sealed[i] ^= 1;
		assert_int_equal(sluss_chunk_open(key, header, 3, false, octets, back, sizeof(back), &len_back),
		    SLUSS_SEAL_TAMPERED);
		sealed[i] ^= 1;
	}
	sluss_section_key_free(&key);
	sluss_section_key_free(&other);
}

static struct sluss_upload *make_upload(const struct sluss_sealing_key *to)
{
	struct sluss_recipient_draft recipient = {.agency_id = "soc-1"};
	memcpy(recipient.sealing_key, sluss_sealing_key_public(to), SLUSS_KEY_BYTES);
	struct sluss_attachment_draft draft = {
	    .section = {.category = "school_attendance"}, .file_name = "film.mp4", .octets = 3 * SLUSS_CHUNK_BYTES};
	struct sluss_id id;
	struct sluss_upload *upload;
	sluss_id_random(&id);
	assert_int_equal(sluss_upload_new(&draft, &id, &recipient, 1, &upload), SLUSS_MESSAGE_OK);
	const struct sluss_attachment_draft bad[] = {
	    {.section = {.category = "school_attendance"}, .file_name = "a/b", .octets = 1},
	    {.section = {.category = "school_attendance"}, .file_name = "a", .octets = 0},
	    {.file_name = "a", .octets = 1}};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct sluss_upload *none;
		assert_int_equal(sluss_upload_new(&bad[i], &id, &recipient, 1, &none), SLUSS_MESSAGE_BAD_DRAFT);
		assert_null(none);
	}
	return upload;
}

static void a_saved_upload_is_the_same(void **state)
{
	(void)state;
	struct sluss_sealing_key *mine = sluss_sealing_key_new();
	struct sluss_upload *upload = make_upload(mine);
	assert_false(sluss_upload_complete(upload));
	upload->sealed = 2;
	upload->put = 1;
	randombytes_buf(upload->hashes, sizeof(upload->hashes));
	size_t len;
	uint8_t *octets = sluss_upload_save(upload, &len);
	struct sluss_upload *back = sluss_upload_load((struct sluss_bytes){octets, len});
	assert_non_null(back);
	assert_memory_equal(back->message.b, upload->message.b, sizeof(back->message.b));
	assert_memory_equal(back->header_hash, upload->header_hash, SLUSS_HASH_BYTES);
	assert_memory_equal(back->hashes, upload->hashes, 2 * SLUSS_HASH_BYTES);
	assert_true(back->sealed == 2 && back->put == 1 && back->total == 3 && back->octets == upload->octets);
	uint8_t one[SLUSS_HASH_BYTES], two[SLUSS_HASH_BYTES];
	sluss_section_key_commitment(upload->key, one);
	sluss_section_key_commitment(back->key, two);
	assert_memory_equal(one, two, sizeof(one));
	sluss_upload_free(&back);
	for (size_t cut = 0; cut < len; cut += 5) { // never more than it says
		back = sluss_upload_load((struct sluss_bytes){octets, cut});
		sluss_upload_free(&back);
	}
	octets[0] ^= 1;
	assert_null(sluss_upload_load((struct sluss_bytes){octets, len}));
	octets[0] ^= 1;
	octets[16 + 32 + 16 + 8 + 3] = 200; // more hashes than chunks
	assert_null(sluss_upload_load((struct sluss_bytes){octets, len}));
	free(octets);
	sluss_upload_free(&upload);
	sluss_sealing_key_free(&mine);
}

static void the_digest_has_the_root(void **state)
{
	(void)state;
	Sluss__V1__Section section = SLUSS__V1__SECTION__INIT;
	uint8_t header[] = "header", ciphertext[] = "ciphertext", hashes[3 * SLUSS_HASH_BYTES];
	struct sluss_digest plain, chunked, changed;
	randombytes_buf(hashes, sizeof(hashes));
	section.header = (ProtobufCBinaryData){6, header};
	section.ciphertext = (ProtobufCBinaryData){10, ciphertext};
	assert_true(chunks_section_digest(&section, &plain));
	section.chunk_hashes = (ProtobufCBinaryData){sizeof(hashes), hashes};
	assert_true(chunks_section_digest(&section, &chunked));
	assert_memory_not_equal(plain.b, chunked.b, sizeof(plain.b));
	hashes[40] ^= 1;
	assert_true(chunks_section_digest(&section, &changed));
	assert_memory_not_equal(changed.b, chunked.b, sizeof(plain.b));
	section.chunk_hashes.len--;
	assert_false(chunks_section_digest(&section, &changed));
}

static void a_batch_of_one_has_an_empty_path(void **state)
{
	(void)state;
	struct sluss_signing_key *key = sluss_signing_key_new();
	uint8_t octets[] = "an envelope", root[SLUSS_HASH_BYTES], leaves[1][SLUSS_HASH_BYTES];
	Sluss__V1__BatchItem item = SLUSS__V1__BATCH_ITEM__INIT, *items[] = {&item};
	item.envelope = (ProtobufCBinaryData){sizeof(octets), octets};
	sluss_batch_root(items, 1, leaves, root);
	Sluss__V1__SendBatchStatement statement = SLUSS__V1__SEND_BATCH_STATEMENT__INIT;
	struct sluss_author author = {"sluss.test/chunk", "sch-1", "t1", 1767261600000};
	struct sluss_stamp stamp;
	struct sluss_id id;
	struct sluss_signed made;
	struct sluss_statement_header header;
	sluss_id_random(&id);
	sluss_statement_stamp(&statement.base, &author, &id, &stamp);
	statement.root = (ProtobufCBinaryData){sizeof(root), root};
	statement.size = 1;
	assert_true(sluss_statement_sign(&statement.base, key, &made));
	Sluss__V1__SignedStatement view;
	Sluss__V1__BatchProof proof = SLUSS__V1__BATCH_PROOF__INIT;
	sluss_signed_view(&made, &view);
	const struct sluss_bytes envelope = {octets, sizeof(octets)};
	const uint8_t *public_key = sluss_signing_key_public(key);
	assert_false(sluss_batch_proof_check(&proof, public_key, envelope, &header));
	proof.statement = &view;
	assert_true(sluss_batch_proof_check(&proof, public_key, envelope, &header));
	assert_string_equal(header.agency_id, "sch-1");
	proof.index = 1;
	assert_false(sluss_batch_proof_check(&proof, public_key, envelope, &header));
	proof.index = 0;
	octets[0] ^= 1;
	assert_false(sluss_batch_proof_check(&proof, public_key, envelope, &header));
	sluss_signed_free(&made);
	sluss_signing_key_free(&key);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(counts_and_lengths),
	    cmocka_unit_test(a_chunk_opens_only_in_its_place),
	    cmocka_unit_test(a_saved_upload_is_the_same),
	    cmocka_unit_test(the_digest_has_the_root),
	    cmocka_unit_test(a_batch_of_one_has_an_empty_path),
	};
	return sluss_crypto_init() ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
