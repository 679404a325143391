# cmake -DFOLDER=examples -DFILES=a.json,b.json -DOUTPUT=x.cc -P embed.cmake: the files' exact bytes as a C++ table.
string(REPLACE "," ";" FILES "${FILES}")
set(arrays "")
set(rows "")
foreach(file IN LISTS FILES)
  file(READ "${FOLDER}/${file}" bytes HEX)
  string(LENGTH "${bytes}" digits)
  math(EXPR size "${digits} / 2")
  string(REGEX REPLACE "(................................)" "\\1\n" bytes "${bytes}")
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
  string(MAKE_C_IDENTIFIER "${file}" symbol)
  string(APPEND arrays "constexpr unsigned char ${symbol}[] = {\n${bytes}};\n")
  string(APPEND rows "    {\"${file}\", {reinterpret_cast<const char*>(${symbol}), ${size}}},\n")
endforeach()
file(WRITE "${OUTPUT}" "#include \"services/entente/examples.h\"

namespace entente::cli {
namespace {
${arrays}}  // namespace

std::span<const Example> Examples() {
  static const Example kExamples[] = {
${rows}  };
  return kExamples;
}

}  // namespace entente::cli
")
