# SPDX-License-Identifier: EUPL-1.2
# The auditor's side.
sluss_fuzz_target(fuzz_audit_export SOURCES fuzz/fuzz_audit_export.c LIBS sluss_test_forge)
