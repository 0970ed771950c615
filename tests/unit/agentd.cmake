# SPDX-License-Identifier: EUPL-1.2
# Unit tests of agents/agentd.
sluss_unit_test(agentd_store_test LABEL unit SOURCES unit/agentd_store_test.c LIBS sluss_agentd_store)
sluss_unit_test(agentd_files_test LABEL unit SOURCES unit/agentd_files_test.c LIBS sluss_agentd_store)
sluss_unit_test(agentd_judge_test LABEL unit SOURCES unit/agentd_judge_test.c LIBS sluss_agentd)
sluss_unit_test(agentd_describe_test LABEL unit SOURCES unit/agentd_describe_test.c LIBS sluss_agentd)
sluss_unit_test(agentd_resign_test LABEL unit SOURCES unit/agentd_resign_test.c LIBS sluss PkgConfig::SODIUM)
