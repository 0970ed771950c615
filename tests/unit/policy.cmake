# SPDX-License-Identifier: EUPL-1.2
# Unit tests of policy/. They run in the source folder and read the shipped policy files.
sluss_unit_test(policy_calendar_test LABEL unit SOURCES unit/policy_calendar_test.c LIBS sluss_policy)
sluss_unit_test(policy_loader_test LABEL unit SOURCES unit/policy_loader_test.c LIBS sluss_policy_loader)
sluss_unit_test(policy_rulings_test LABEL unit SOURCES unit/policy_rulings_test.c unit/policy_world.c LIBS sluss_policy_loader)
sluss_unit_test(policy_state_test LABEL unit SOURCES unit/policy_state_test.c unit/policy_world.c LIBS sluss_policy_loader)
# The test makes allocations fail one after the other.
target_link_options(policy_state_test PRIVATE -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=aligned_alloc)
