# SPDX-License-Identifier: EUPL-1.2
# What verifies with nothing but the octets at hand: libsluss links it too.
add_library(sluss_log_verify STATIC log_hash.c log_text.c log_note.c log_checkpoint.c log_proof.c log_tile.c log_verify.c log_list.c)
target_include_directories(sluss_log_verify PUBLIC ${CMAKE_CURRENT_SOURCE_DIR})
target_link_libraries(sluss_log_verify PUBLIC sluss_flags PRIVATE OpenSSL::Crypto PkgConfig::SODIUM)

# The tree over its tiles, wherever these lie: the gateway reads them from its store, the auditor from an export, a witness over the network.
add_library(sluss_log_tree STATIC log_tree.c log_tree_proof.c)
target_link_libraries(sluss_log_tree PUBLIC sluss_flags sluss_log_verify)

# The writer that keeps the tree in step with the store.
add_library(sluss_log STATIC log_writer.c)
target_link_libraries(sluss_log PUBLIC sluss_flags sluss_log_verify sluss_log_tree sluss_store)

# Entries: between policy/record.h and LogRecord. Apart from sluss_log, for the offline verifier.
if(TARGET sluss_proto)
  add_library(sluss_log_record STATIC log_record.c log_record_read.c log_record_map.c log_record_map_exchange.c
    log_pool.c)
  target_include_directories(sluss_log_record PUBLIC ${CMAKE_CURRENT_SOURCE_DIR} ${CMAKE_SOURCE_DIR})
  target_link_libraries(sluss_log_record PUBLIC sluss_flags PRIVATE sluss_log_verify sluss_proto)
endif()
