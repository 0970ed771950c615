# SPDX-License-Identifier: EUPL-1.2
# What core's services stand on: certificates for agencies, the register of persons, who is logged in.
add_library(sluss_ca STATIC ca.c)
target_link_libraries(sluss_ca PUBLIC sluss_flags PRIVATE OpenSSL::Crypto)
target_include_directories(sluss_ca PUBLIC ${CMAKE_CURRENT_SOURCE_DIR})

add_library(sluss_persons STATIC persons.c persons_row.c)
target_link_libraries(sluss_persons PUBLIC sluss_flags sluss_store sluss_policy PRIVATE PkgConfig::SODIUM)
target_include_directories(sluss_persons PUBLIC ${CMAKE_CURRENT_SOURCE_DIR} ${CMAKE_SOURCE_DIR})

add_library(sluss_sessions STATIC sessions.c session_key.c)
target_link_libraries(sluss_sessions PUBLIC sluss_flags PRIVATE OpenSSL::Crypto PkgConfig::SODIUM Threads::Threads)
target_include_directories(sluss_sessions PUBLIC ${CMAKE_CURRENT_SOURCE_DIR})

# Tokens and keys of identity providers.
add_library(sluss_oidc STATIC oidc_keys.c oidc_token.c)
target_link_libraries(sluss_oidc PUBLIC sluss_flags PRIVATE OpenSSL::Crypto PkgConfig::SODIUM PkgConfig::JANSSON)
target_include_directories(sluss_oidc PUBLIC ${CMAKE_CURRENT_SOURCE_DIR})
