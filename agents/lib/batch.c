// SPDX-License-Identifier: EUPL-1.2
#include "batch.h"

#include "log_list.h"
#include "log_verify.h"

_Static_assert(sizeof(struct sluss_hash) == SLUSS_HASH_BYTES, "a hash is its octets");

void sluss_batch_root(Sluss__V1__BatchItem *const *items, size_t count, uint8_t (*leaves)[SLUSS_HASH_BYTES],
    uint8_t root_out[SLUSS_HASH_BYTES])
{
	struct sluss_hash root;
	struct sluss_hash *list = (struct sluss_hash *)(void *)leaves;
	for (size_t i = 0; i < count; i++) {
		sluss_hash_leaf(items[i]->envelope.data, items[i]->envelope.len, &list[i]);
	}
	sluss_list_root(list, count, &root);
	memcpy(root_out, root.b, sizeof(root.b));
}

static bool path_leads(
    const Sluss__V1__BatchProof *proof, const Sluss__V1__SendBatchStatement *statement, struct sluss_bytes envelope)
{
	struct sluss_hash path[SLUSS_LIST_PATH_MAX];
	struct sluss_hash leaf;
	struct sluss_hash root;
	if (proof->n_path > SLUSS_LIST_PATH_MAX || statement->root.len != sizeof(root.b) ||
	    proof->index >= statement->size) {
		return false;
	}
	for (size_t i = 0; i < proof->n_path; i++) {
		if (proof->path[i].len != sizeof(path[i].b)) {
			return false;
		}
		memcpy(path[i].b, proof->path[i].data, sizeof(path[i].b));
	}
	memcpy(root.b, statement->root.data, sizeof(root.b));
	sluss_hash_leaf(envelope.data, envelope.len, &leaf);
	return sluss_verify_inclusion(&leaf, proof->index, statement->size, path, proof->n_path, &root);
}

bool sluss_batch_proof_check(const Sluss__V1__BatchProof *proof, const uint8_t sender_key[SLUSS_KEY_BYTES],
    struct sluss_bytes envelope, struct sluss_statement_header *header_out)
{
	const Sluss__V1__SignedStatement *outer = proof->statement;
	ProtobufCMessage *message = NULL;
	if (outer == NULL) {
		return false;
	}
	struct sluss_bytes octets = {outer->statement.data, outer->statement.len};
	struct sluss_bytes signature = {outer->signature.data, outer->signature.len};
	if (!sluss_statement_verify(sender_key, outer->key_id, octets, signature) ||
	    sluss_strict_unpack(&sluss__v1__send_batch_statement__descriptor, octets, NULL, &message, NULL) !=
		SLUSS_STRICT_OK) {
		return false;
	}
	bool ok = sluss_statement_header_of(message, header_out, NULL) &&
		  strcmp(header_out->kind, message->descriptor->name) == 0 &&
		  path_leads(proof, (const Sluss__V1__SendBatchStatement *)message, envelope);
	protobuf_c_message_free_unpacked(message, NULL);
	return ok;
}
