# SPDX-License-Identifier: EUPL-1.2
sluss_unit_test(core_ca_test SOURCES unit/core_ca_test.c LIBS sluss_ca OpenSSL::Crypto)
sluss_unit_test(core_persons_test SOURCES unit/core_persons_test.c LIBS sluss_persons PkgConfig::SODIUM)
sluss_unit_test(core_sessions_test SOURCES unit/core_sessions_test.c LIBS sluss_sessions OpenSSL::Crypto PkgConfig::SODIUM)
