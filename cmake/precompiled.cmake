# Headers that most units of a room include, compiled once per set. A set holds no more than its rooms need: a unit pays for
# inline functions of what it never uses. Units still include what they use: a precompiled header saves time only
# (-DENTENTE_PRECOMPILED=OFF shows it). REUSE_FROM needs equal options: every set is made with what every module is made with.
if(CCACHE)
  # What ccache needs to be told before it caches units that use a precompiled header (its manual, "Precompiled headers").
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros ${CCACHE})
endif()

set(ENTENTE_COMMON_HEADERS <algorithm> <array> <chrono> <filesystem> <fstream> <functional> <map> <memory> <mutex>
  <optional> <span> <string> <string_view> <thread> <utility> <vector>
  <absl/status/status.h> <absl/status/statusor.h> <absl/time/clock.h> <absl/time/time.h>)
set(ENTENTE_MESSAGE_HEADERS <google/protobuf/message.h> <google/protobuf/map_field_inl.h>
  <google/protobuf/unknown_field_set.h> <google/protobuf/generated_message_reflection.h>
  <google/protobuf/wire_format_lite.h> <google/protobuf/descriptor.h>)

# What only runs once is compiled quickly; the modules under test are compiled as they ship.
set(ENTENTE_TEST_OPTIONS $<$<CONFIG:Release>:-O1> $<$<CONFIG:Debug>:-O0>)

# entente_precompiled(NAME x HEADERS ... LIBS ...) makes entente_precompiled_x for REUSE_FROM.
function(entente_precompiled)
  cmake_parse_arguments(P "" "NAME" "HEADERS;LIBS" ${ARGN})
  file(WRITE ${PROJECT_BINARY_DIR}/precompiled/${P_NAME}.cc "")
  add_library(entente_precompiled_${P_NAME} OBJECT ${PROJECT_BINARY_DIR}/precompiled/${P_NAME}.cc)
  target_link_libraries(entente_precompiled_${P_NAME} PRIVATE ${P_LIBS} Threads::Threads entente_flags)
  target_compile_options(entente_precompiled_${P_NAME} PRIVATE -fpch-preprocess)
  target_precompile_headers(entente_precompiled_${P_NAME} PRIVATE ${P_HEADERS})
endfunction()

# The target is compiled with entente_precompiled_<name>. GCC 12 sees overflows in libstdc++'s own operator+ (GCC bugs
# 105651, 105329) and counts a precompiled libstdc++ as ours; a build without precompiled headers keeps these warnings.
set(ENTENTE_PRECOMPILED_OPTIONS -fpch-preprocess
  $<$<CXX_COMPILER_ID:GNU>:-Wno-array-bounds -Wno-restrict -Wno-stringop-overflow -Wno-stringop-overread>)
function(entente_use_precompiled TARGET NAME)
  if(NOT ENTENTE_PRECOMPILED)
    return()
  endif()
  target_compile_options(${TARGET} PRIVATE ${ENTENTE_PRECOMPILED_OPTIONS})
  target_precompile_headers(${TARGET} REUSE_FROM entente_precompiled_${NAME})
endfunction()

# entente_precompiled_set(NAME x HEADERS ...) makes the set x for modules and the set x_test for their test programs, which adds
# GoogleTest. Layer 1's messages are generated before either is compiled.
function(entente_precompiled_set)
  cmake_parse_arguments(P "" "NAME" "HEADERS" ${ARGN})
  list(PREPEND P_HEADERS ${ENTENTE_COMMON_HEADERS} ${ENTENTE_MESSAGE_HEADERS})
  entente_precompiled(NAME ${P_NAME} HEADERS ${P_HEADERS})
  if(ENTENTE_TESTS)
    entente_precompiled(NAME ${P_NAME}_test HEADERS ${P_HEADERS} <gtest/gtest.h> LIBS GTest::gtest GTest::gtest_main)
    # As CMake compiles executables.
    set_target_properties(entente_precompiled_${P_NAME}_test PROPERTIES POSITION_INDEPENDENT_CODE OFF)
    target_compile_options(entente_precompiled_${P_NAME}_test PRIVATE -fPIE ${ENTENTE_TEST_OPTIONS})
  endif()
  foreach(set IN ITEMS ${P_NAME} ${P_NAME}_test)
    if(TARGET entente_precompiled_${set} AND NOT P_NAME STREQUAL module)
      target_include_directories(entente_precompiled_${set} PRIVATE ${PROJECT_SOURCE_DIR})
      target_link_libraries(entente_precompiled_${set} PRIVATE entente_proto)
    endif()
  endforeach()
endfunction()

if(ENTENTE_PRECOMPILED)
  entente_precompiled_set(NAME module)
  entente_precompiled_set(NAME envelope HEADERS <absl/container/flat_hash_map.h> <entente/v1/record.pb.h>
    ${PROJECT_SOURCE_DIR}/trust/directory.h)
  entente_precompiled_set(NAME exchange HEADERS ${PROJECT_SOURCE_DIR}/exchange/exchange.h)
  entente_precompiled_set(NAME rpc HEADERS <grpcpp/grpcpp.h> <entente/v1/admin.grpc.pb.h>
    ${PROJECT_SOURCE_DIR}/exchange/exchange.h)
  entente_precompiled_set(NAME cli HEADERS <absl/container/flat_hash_map.h> <entente/v1/admin.pb.h>)
endif()
