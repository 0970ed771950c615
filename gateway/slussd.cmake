# SPDX-License-Identifier: EUPL-1.2
# What all roles share (event log, settings, sandbox), the parent, and the program. Included by gateway/CMakeLists.txt.
add_library(sluss_event STATIC ${CMAKE_CURRENT_LIST_DIR}/log_event.c)
target_link_libraries(sluss_event PUBLIC sluss_flags)
target_include_directories(sluss_event PUBLIC ${CMAKE_CURRENT_LIST_DIR})

add_library(sluss_settings STATIC
  ${CMAKE_CURRENT_LIST_DIR}/settings.c
  ${CMAKE_CURRENT_LIST_DIR}/settings_file.c
  ${CMAKE_CURRENT_LIST_DIR}/settings_table.c
  ${CMAKE_CURRENT_LIST_DIR}/settings_value.c
  ${CMAKE_CURRENT_LIST_DIR}/settings_outside.c
  ${CMAKE_CURRENT_LIST_DIR}/settings_issuer.c
  ${CMAKE_CURRENT_LIST_DIR}/settings_behaviour.c
  ${CMAKE_CURRENT_LIST_DIR}/settings_print.c)
target_link_libraries(sluss_settings PUBLIC sluss_flags PRIVATE sluss_base)
target_include_directories(sluss_settings PUBLIC ${CMAKE_CURRENT_LIST_DIR})

add_library(sluss_sandbox STATIC
  ${CMAKE_CURRENT_LIST_DIR}/sandbox.c
  ${CMAKE_CURRENT_LIST_DIR}/sandbox_landlock.c
  ${CMAKE_CURRENT_LIST_DIR}/sandbox_seccomp.c)
target_link_libraries(sluss_sandbox PUBLIC sluss_settings sluss_event PRIVATE PkgConfig::SECCOMP)

add_library(sluss_pki STATIC ${CMAKE_CURRENT_LIST_DIR}/init_pki.c)
target_link_libraries(sluss_pki PUBLIC sluss_flags OpenSSL::Crypto)
target_include_directories(sluss_pki PUBLIC ${CMAKE_CURRENT_LIST_DIR})

add_library(sluss_parent STATIC
  ${CMAKE_CURRENT_LIST_DIR}/parent.c
  ${CMAKE_CURRENT_LIST_DIR}/parent_rules.c
  ${CMAKE_CURRENT_LIST_DIR}/parent_spawn.c
  ${CMAKE_CURRENT_LIST_DIR}/parent_files.c
  ${CMAKE_CURRENT_LIST_DIR}/parent_sockets.c)
target_link_libraries(sluss_parent PUBLIC sluss_settings sluss_event PRIVATE sluss_ipc)
if(SYSTEMD_FOUND)
  target_compile_definitions(sluss_parent PRIVATE SLUSS_HAVE_SYSTEMD)
  target_link_libraries(sluss_parent PRIVATE PkgConfig::SYSTEMD)
endif()

# The program needs all roles; until each has its library there is none.
if(TARGET sluss_core AND TARGET sluss_web AND TARGET sluss_edge AND TARGET sluss_courier)
  add_executable(slussd
    ${CMAKE_CURRENT_LIST_DIR}/main.c
    ${CMAKE_CURRENT_LIST_DIR}/manual.c
    ${CMAKE_CURRENT_LIST_DIR}/role.c
    ${CMAKE_CURRENT_LIST_DIR}/role_idp.c
    ${CMAKE_CURRENT_LIST_DIR}/init.c)
  target_include_directories(slussd PRIVATE ${CMAKE_CURRENT_LIST_DIR})
  target_compile_definitions(slussd PRIVATE
    SLUSS_VERSION="${PROJECT_VERSION}"
    SLUSS_POLICY_DEFAULT="${CMAKE_INSTALL_FULL_DATADIR}/sluss/sweden-sig.json")
  if(SLUSS_SANITIZE OR SLUSS_COVERAGE)
    target_compile_definitions(slussd PRIVATE SLUSS_NO_SANDBOX)
  endif()
  target_link_libraries(slussd PRIVATE sluss_flags sluss_parent sluss_sandbox sluss_settings sluss_event sluss_pki
    sluss_core sluss_web sluss_edge sluss_courier sluss_log_verify PkgConfig::SODIUM PkgConfig::JANSSON OpenSSL::SSL)
  set_target_properties(slussd PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})
  install(TARGETS slussd RUNTIME DESTINATION ${CMAKE_INSTALL_SBINDIR})
endif()
