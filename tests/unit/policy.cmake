# SPDX-License-Identifier: EUPL-1.2
# Unit tests of policy/. They run in the source folder and read the shipped policy files.
sluss_unit_test(policy_calendar_test LABEL unit SOURCES unit/policy_calendar_test.c LIBS sluss_policy)
sluss_unit_test(policy_keys_test LABEL unit SOURCES unit/policy_keys_test.c LIBS sluss_policy)
sluss_unit_test(policy_loader_test LABEL unit SOURCES unit/policy_loader_test.c LIBS sluss_policy_loader)
sluss_unit_test(policy_rulings_test LABEL unit SOURCES unit/policy_rulings_test.c unit/policy_world.c LIBS sluss_policy_loader)
sluss_unit_test(policy_duties_test LABEL unit SOURCES unit/policy_duties_test.c unit/policy_world.c LIBS sluss_policy_loader)
sluss_unit_test(policy_state_test LABEL unit SOURCES unit/policy_state_test.c unit/policy_world.c LIBS sluss_policy_loader)
# The test makes allocations fail one after the other.
target_link_options(policy_state_test PRIVATE -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=aligned_alloc)

find_package(Python3 REQUIRED COMPONENTS Interpreter)
add_test(NAME policy_schema_test
  COMMAND Python3::Interpreter ${CMAKE_CURRENT_SOURCE_DIR}/unit/policy_schema_test.py policy/sweden-sig.schema.json
    policy/sweden-sig.json policy/example-sixteen.json policy/example-strict.json
  WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
set_tests_properties(policy_schema_test PROPERTIES LABELS unit)
