# SPDX-License-Identifier: EUPL-1.2
# The auditor's side; it needs the forge of unit/audit.cmake.
sluss_fuzz_target(fuzz_audit_export SOURCES fuzz/fuzz_audit_export.c LIBS sluss_test_forge)
