# SPDX-License-Identifier: EUPL-1.2
# The auditor's side. sluss_test_forge holds a log's key and writes logs, right and forged.
add_library(sluss_test_forge STATIC audit/forge.c audit/publish.c)
target_include_directories(sluss_test_forge PUBLIC audit)
target_compile_definitions(sluss_test_forge PRIVATE FORGE_POLICY="${CMAKE_SOURCE_DIR}/policy/sweden-sig.json")
target_link_libraries(sluss_test_forge PUBLIC sluss_audit sluss_policy_loader sluss_log_record sluss_log_verify PkgConfig::SODIUM PRIVATE sluss_flags)
sluss_unit_test(audit_replay_test SOURCES unit/audit_replay_test.c LIBS sluss_test_forge)
sluss_unit_test(audit_structure_test SOURCES unit/audit_structure_test.c LIBS sluss_test_forge)
