# SPDX-License-Identifier: EUPL-1.2
# Edge, settings and the parent's rules.
sluss_unit_test(settings_table_test SOURCES unit/settings_table_test.c LIBS sluss_settings)
sluss_unit_test(edge_parent_rules_test SOURCES unit/edge_parent_rules_test.c LIBS sluss_parent)
sluss_unit_test(edge_registry_test SOURCES unit/edge_registry_test.c LIBS sluss_edge)
sluss_unit_test(edge_tls_test SOURCES unit/edge_tls_test.c unit/edge_world.c
  LIBS sluss_edge sluss_pki sluss_ipc sluss_event OpenSSL::SSL Threads::Threads)
sluss_unit_test(edge_relay_test SOURCES unit/edge_relay_test.c unit/edge_world.c
  LIBS sluss_edge sluss_pki sluss_ipc sluss_event OpenSSL::SSL Threads::Threads)
sluss_unit_test(edge_limits_test SOURCES unit/edge_limits_test.c unit/edge_world.c
  LIBS sluss_edge sluss_pki sluss_ipc sluss_event OpenSSL::SSL Threads::Threads)
sluss_unit_test(edge_sandbox_test SOURCES unit/edge_sandbox_test.c LIBS sluss_sandbox Threads::Threads)
if(TARGET edge_sandbox_test AND (SLUSS_SANITIZE OR SLUSS_COVERAGE))
  target_compile_definitions(edge_sandbox_test PRIVATE SLUSS_NO_SANDBOX)
endif()
sluss_unit_test(edge_process_test SOURCES unit/edge_process_test.c unit/edge_world.c
  LIBS sluss_edge sluss_pki sluss_ipc sluss_event OpenSSL::SSL Threads::Threads)
if(TARGET slussd)
  sluss_unit_test(edge_program_test SOURCES unit/edge_program_test.c LIBS sluss_settings)
  if(TARGET edge_program_test)
    target_compile_definitions(edge_program_test PRIVATE SLUSSD="$<TARGET_FILE:slussd>")
    add_dependencies(edge_program_test slussd)
  endif()
endif()
if(TARGET sluss_courier)
  sluss_unit_test(courier_test SOURCES unit/courier_test.c LIBS sluss_courier sluss_ipc sluss_event Threads::Threads)
endif()
