# SPDX-License-Identifier: EUPL-1.2
# The auditor's side.
sluss_unit_test(audit_exit_test SOURCES unit/audit_exit_test.c LIBS sluss_test_forge)
if(TARGET audit_exit_test)
  target_compile_definitions(audit_exit_test PRIVATE SLUSS_PROGRAM="$<TARGET_FILE:sluss-cli>")
  add_dependencies(audit_exit_test sluss-cli)
endif()
sluss_unit_test(audit_replay_test SOURCES unit/audit_replay_test.c LIBS sluss_test_forge)
sluss_unit_test(audit_seen_test SOURCES unit/audit_seen_test.c LIBS sluss_audit)
sluss_unit_test(audit_structure_test SOURCES unit/audit_structure_test.c LIBS sluss_test_forge)
sluss_unit_test(audit_report_test SOURCES unit/audit_report_test.c LIBS sluss_test_forge)
