# SPDX-License-Identifier: EUPL-1.2
# Unit tests of agents/.
sluss_unit_test(agents_base_test LABEL unit SOURCES unit/agents_base_test.c LIBS sluss_base sluss_proto)
sluss_unit_test(agents_seal_test LABEL unit SOURCES unit/agents_seal_test.c LIBS sluss_crypto)
sluss_unit_test(agents_statement_test LABEL unit SOURCES unit/agents_statement_test.c LIBS sluss_statement)
sluss_unit_test(agents_message_test LABEL unit SOURCES unit/agents_message_test.c LIBS sluss)
sluss_unit_test(agents_receipt_test LABEL unit SOURCES unit/agents_receipt_test.c LIBS sluss sluss_log_verify)
sluss_unit_test(agents_connect_error_test LABEL unit SOURCES unit/agents_connect_error_test.c LIBS sluss PkgConfig::SODIUM)
target_include_directories(agents_connect_error_test PRIVATE ${CMAKE_SOURCE_DIR}/agents/lib)
sluss_unit_test(agents_cli_test LABEL unit SOURCES unit/agents_cli_test.c LIBS sluss_cli)
sluss_unit_test(agents_record_test LABEL unit SOURCES unit/agents_record_test.c LIBS sluss PkgConfig::SODIUM)
target_include_directories(agents_record_test PRIVATE ${CMAKE_SOURCE_DIR}/agents/lib)
sluss_unit_test(agents_profile_test LABEL unit SOURCES unit/agents_profile_test.c LIBS sluss)
target_include_directories(agents_profile_test PRIVATE ${CMAKE_SOURCE_DIR}/agents/lib)
