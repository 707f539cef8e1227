// One test for each row of the table in docs/ingest.md; the last one holds them against each other.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <re2/re2.h>
#include <sys/stat.h>
#include <zlib.h>

#include <set>

#include "base/files.h"
#include "ingest/encoding.h"
#include "ingest/fixture.h"
#include "ingest/glob.h"
#include "ingest/quarantine.h"

using namespace martgate;
using namespace martgate::ingest;

namespace {

constexpr std::string_view kHead = "id,email,amount\n";
constexpr std::string_view kAll =
    "SELECT id || '|' || coalesce(email, '-') || '|' ||"
    " coalesce(amount, '-') FROM shop_orders ORDER BY _load_id, _row";

std::string csv(std::string_view rows) {
  return std::string(kHead) + std::string(rows);
}

// A shop whose amount column has this type.
struct Typed : Shop {
  explicit Typed(std::string type) { column("amount").data_type = std::move(type); }
  catalog::ColumnContract& contract() { return column("amount").contract; }
  // Loads one file with a row for each text and gives back what amount holds.
  std::string load(const std::vector<std::string>& texts) {
    std::string rows;
    for (std::size_t i = 0; i < texts.size(); ++i) {
      rows += fmt::format("{},x,\"{}\"\n", i + 1, texts[i]);
    }
    write("orders-1.csv", csv(rows));
    ingest_all();
    return values("SELECT coalesce(amount, 'NULL') FROM shop_orders ORDER BY _row", ", ");
  }
};

std::string refusal(const TableReport& report) {
  REQUIRE(report.refused.size() == 1);
  return std::string(report.refused[0].error.reason);
}

std::string utf16(std::string_view ascii, bool is_big) {
  std::string text = is_big ? "\xFE\xFF" : "\xFF\xFE";
  for (const char c : ascii) {
    if (is_big) text += '\0';
    text += c;
    if (!is_big) text += '\0';
  }
  return text;
}

void write_gzip(const std::filesystem::path& path, std::string_view text,
                std::string_view second = {}) {
  std::filesystem::remove(path);
  for (const std::string_view part : {text, second}) {
    if (part.empty()) continue;
    const gzFile file = gzopen(path.c_str(), "ab");
    REQUIRE(file != nullptr);
    REQUIRE(gzwrite(file, part.data(), static_cast<unsigned>(part.size())) > 0);
    REQUIRE(gzclose(file) == Z_OK);
  }
}

std::string many_rows(int count, int first = 1) {
  std::string rows;
  for (int i = first; i < first + count; ++i) rows += fmt::format("{},x,{}\n", i, i);
  return rows;
}

}  // namespace

// ---- encoding

TEST_CASE("damage: E1: a byte order mark is no part of the first column's name") {
  Shop shop;
  shop.write("orders-1.csv", "\xEF\xBB\xBF" + csv("1,a,5\n"));
  CHECK(shop.ingest_all().rows == 1);
  CHECK(shop.values(kAll) == "1|a|5");
}

TEST_CASE("damage: E2: bytes that are not UTF-8 keep their row out, and its bytes are kept") {
  Shop shop;
  shop.write("orders-1.csv", csv("1,caf\xE9,5\n2,caf\xC3\xA9,6\n3,\xC0\xAF,7\n"));
  shop.ingest_all();
  CHECK(shop.quarantined() == "2 not_utf8 email, 4 not_utf8 email");
  CHECK(shop.values("SELECT hex(raw) FROM _martgate_quarantine WHERE line = 2") ==
        "312C636166E92C35");
  CHECK(shop.values(kAll) == "2|café|6");
}

TEST_CASE("damage: E3: a declared single-byte encoding is read, but not its open bytes") {
  Shop shop;
  shop.table().shape.encoding = catalog::Encoding::Windows1252;
  shop.write("orders-1.csv", csv("1,\x80 caf\xE9,5\n2,\x81,6\n"));
  shop.ingest_all();
  CHECK(shop.values(kAll) == "1|€ café|5");
  CHECK(shop.quarantined() == "3 wrong_bytes email");
  shop.table().shape.encoding = catalog::Encoding::Latin1;
  std::string text;
  CHECK(append_utf8(catalog::Encoding::Latin1, "\xE9\x81", text));
  CHECK(text == "é\xC2\x81");
}

TEST_CASE("damage: E4: a declared mixture is read field by field") {
  Shop shop;
  shop.table().shape.encoding = catalog::Encoding::Utf8ElseWindows1252;
  shop.write("orders-1.csv", csv("1,caf\xE9,caf\xC3\xA9\n"));
  shop.ingest_all();
  CHECK(shop.values(kAll) == "1|café|café");
}

TEST_CASE("damage: E5: UTF-16 that nobody declared is refused with the key to declare") {
  Shop shop;
  shop.write("orders-1.csv", utf16(csv("1,a,5\n"), false));
  const TableReport report = shop.ingest_all();
  CHECK(refusal(report) == "wrong_encoding");
  CHECK(to_text(report.refused[0].error) ==
        "begins with a byte order mark of UTF-16; declare encoding: utf-16");
  shop.table().format = catalog::FileFormat::Jsonl;
  CHECK(refusal(shop.ingest_all()) == "wrong_encoding");
}

TEST_CASE("damage: E6: declared UTF-16 is read in both orders, damaged UTF-16 is refused") {
  Shop shop;
  shop.table().shape.encoding = catalog::Encoding::Utf16;
  shop.write("orders-1.csv", utf16(csv("1,a,5\n"), false));
  shop.write("orders-2.csv", utf16(csv("2,b,6\n"), true));
  shop.write("orders-3.csv", csv("3,c,7\n"));
  shop.write("orders-4.csv", utf16(csv("4,d,8\n"), false) + "x");
  shop.write("orders-5.csv", std::string("\xFF\xFE\x00\xDC\n\x00", 6));
  const TableReport report = shop.ingest_all();
  CHECK(shop.values(kAll) == "1|a|5 2|b|6");
  REQUIRE(report.refused.size() == 3);
  for (const RefusedFile& refused : report.refused) {
    CHECK(refused.error.reason == "wrong_encoding");
  }
}

TEST_CASE("damage: E7: NUL keeps its row out, in CSV and in JSON") {
  Shop shop;
  shop.write("orders-1.csv", csv(std::string_view("1,a\0b,5\n2,b,6\n", 14)));
  shop.ingest_all();
  CHECK(shop.quarantined() == "2 nul email");
  CHECK(shop.values(kAll) == "2|b|6");
  Shop json;
  json.table().format = catalog::FileFormat::Jsonl;
  json.write("orders-1.csv", "{\"id\":\"1\",\"email\":\"a\\u0000\"}\n{\"id\":\"2\"}\n");
  json.ingest_all();
  CHECK(json.quarantined() == "1 nul email");
}

// ---- structure

TEST_CASE("damage: S1: the first line end of a file decides how its lines end") {
  for (const std::string end : {"\n", "\r\n", "\r"}) {
    CAPTURE(end);
    Shop shop;
    shop.write("orders-1.csv",
               "id,email,amount" + end + "1,a,5" + end + end + "2,\"b\rc\",6" + end);
    const TableReport report = shop.ingest_all();
    CHECK(report.quarantined == 0);
    CHECK(shop.values(kAll) == "1|a|5 2|b\rc|6");
  }
}

TEST_CASE("damage: S2: a line end of the other kind keeps its row out") {
  Shop shop;
  shop.write("orders-1.csv", csv("1,a\rb,5\n2,b,6\n"));
  shop.write("orders-2.csv", "id,email,amount\r3,c\nd,7\r4,d,8\r");
  shop.ingest_all();
  CHECK(shop.quarantined() == "2 stray_line_end email, 2 stray_line_end email");
  CHECK(shop.values(kAll) == "2|b|6 4|d|8");
}

TEST_CASE("damage: S3: line ends and delimiters inside quotes belong to the value") {
  Shop shop;
  shop.write("orders-1.csv", csv("1,\"a,\r\n\"\"b\",5\n2,b\n"));
  shop.ingest_all();
  CHECK(shop.values("SELECT email FROM shop_orders") == "a,\r\n\"b");
  CHECK(shop.quarantined() == "4 field_count ");
}

TEST_CASE("damage: S4: ragged rows are kept out") {
  Shop shop;
  shop.write("orders-1.csv", csv("1,a\n2,b,6,\n3,c,7\n"));
  shop.ingest_all();
  CHECK(shop.quarantined() == "2 field_count , 3 field_count ");
  CHECK(shop.values(kAll) == "3|c|7");
}

TEST_CASE("damage: S5: a quote where none may stand is reported with its column") {
  Shop shop;
  shop.write("orders-1.csv", csv("1,a\"b,5\n2,b,\"6\"x\n3, \"c\",7\n"));
  shop.ingest_all();
  CHECK(shop.quarantined() ==
        "2 stray_quote email, 3 text_behind_quote amount, 4 stray_quote email");
}

TEST_CASE("damage: S6: an open quote costs one line, not the rest of the file") {
  Shop shop;
  shop.write("orders-1.csv", csv("1,\"a,5\n2,b,6\n3,c,7\n"));
  shop.ingest_all();
  CHECK(shop.quarantined() == "2 unclosed_quote email");
  CHECK(shop.values(kAll) == "2|b|6 3|c|7");
}

TEST_CASE("damage: S7: declared delimiters and quotes are read, and without quotes they are text") {
  Shop shop;
  shop.table().delimiter = ';';
  shop.table().shape.quote = '\'';
  shop.write("orders-1.csv", "id;email;amount\n1;'a;''b''';5\n2;\"c\";6\n");
  shop.ingest_all();
  CHECK(shop.values(kAll) == "1|a;'b'|5 2|\"c\"|6");
  shop.table().shape.quote = '\0';
  shop.write("orders-2.csv", "id;email;amount\n3;\"d;7\n");
  shop.ingest_all();
  CHECK(shop.values("SELECT email FROM shop_orders WHERE id = '3'") == "\"d");
}

TEST_CASE("damage: S8: a header with a name twice, or that cannot be read, refuses the file") {
  Shop shop;
  shop.write("orders-1.csv", "id,email,email,amount\n1,a,b,5\n");
  const TableReport report = shop.ingest_all();
  CHECK(refusal(report) == "schema_drift");
  CHECK(report.refused[0].error.message == "the header row repeats \"email\"");
  shop.write("orders-1.csv", "id,em\"ail,amount\n1,a,5\n");
  CHECK(shop.ingest_all().refused[0].error.message ==
        "the header row in line 1 has a quote inside an unquoted field");
}

TEST_CASE("damage: S9: an empty CSV file is refused, an empty JSONL file holds nothing") {
  Shop shop;
  shop.write("orders-1.csv", "");
  CHECK(shop.ingest_all().refused[0].error.message == "the file has no header row");
  shop.table().format = catalog::FileFormat::Jsonl;
  CHECK(shop.ingest_all().loaded == 1);
}

TEST_CASE("damage: S10: a header alone is a file without rows") {
  Shop shop;
  shop.write("orders-1.csv", kHead);
  const TableReport report = shop.ingest_all();
  CHECK(report.loaded == 1);
  CHECK(report.rows == 0);
}

TEST_CASE("damage: S11: empty lines are rows only where a row is one field") {
  Shop shop;
  shop.write("orders-1.csv", csv("\n1,a,5\n\r\n2,b,6\n\n"));
  CHECK(shop.ingest_all().rows == 2);
  CHECK(shop.quarantined() == "");
  Shop single;
  single.table().columns.resize(1);
  single.column("id").required = false;
  single.write("orders-1.csv", "id\n1\n\n2\n");
  CHECK(single.ingest_all().rows == 3);
}

TEST_CASE("damage: S12: a row without end is kept out with its beginning") {
  Shop shop;
  shop.write("orders-1.csv", csv("1,a,5\n2," + std::string(3UL << 20U, 'x') + ",6\n3,c,7\n"));
  shop.ingest_all();
  CHECK(shop.quarantined() == "3 row_too_long email");
  CHECK(shop.values("SELECT length(raw) FROM _martgate_quarantine") == "65536");
  CHECK(shop.values(kAll) == "1|a|5 3|c|7");
}

TEST_CASE("damage: S13: lines that are no JSON object are kept out") {
  Shop shop;
  shop.table().format = catalog::FileFormat::Jsonl;
  shop.write("orders-1.csv", "[1]\n{\"id\":\n{\"id\":\"1\"}\n7\n{\"id\":\"2\"} x\n");
  shop.ingest_all();
  CHECK(shop.quarantined() == "1 not_an_object , 2 json_syntax , 4 not_an_object , 5 json_syntax ");
  CHECK(shop.values(kAll) == "1|-|-");
}

TEST_CASE("damage: S14: an object with a key twice is kept out") {
  Shop shop;
  shop.table().format = catalog::FileFormat::Jsonl;
  shop.write("orders-1.csv", "{\"id\":\"1\",\"id\":\"2\"}\n{\"id\":\"3\"}\n");
  shop.ingest_all();
  CHECK(shop.quarantined() == "1 json_duplicate_key ");
  CHECK(shop.values(kAll) == "3|-|-");
}

TEST_CASE("damage: S15: deep JSON is kept out and does not end the program") {
  Shop shop;
  shop.table().format = catalog::FileFormat::Jsonl;
  const std::string deep = std::string(100'000, '[') + std::string(100'000, ']');
  shop.write("orders-1.csv", "{\"id\":\"1\",\"amount\":" + deep + "}\n{\"id\":\"2\"}\n");
  shop.ingest_all();
  CHECK(shop.quarantined() == "1 json_depth ");
}

// ---- types

TEST_CASE("damage: T1: separators and signs that nothing declares are kept out") {
  Typed whole("integer");
  CHECK(whole.load({"1,234", "$588", "12.0", "1e3", "0x1F", "-7"}) == "-7");
  CHECK(whole.quarantined().starts_with("2 not_integer amount, 3 not_integer amount"));
  Typed exact("decimal");
  exact.contract().scale = 2;
  CHECK(exact.load({"1,234.50", "$588", "12,5", "1.", ".5", "", "-0.05"}) == "NULL, -5");
}

TEST_CASE("damage: T2: declared separators and signs are read, and the text is kept") {
  Typed shop("decimal");
  shop.contract().scale = 2;
  shop.contract().number = {.group = ',', .prefix = "$", .suffix = "%", .parentheses = true};
  CHECK(shop.load({"$1,234,567.89", "-$5", "$-5.1", "(12.50)", "3%", "7.25"}) ==
        "123456789, -500, -510, -1250, 300, 725");
  CHECK(
      shop.values("SELECT coalesce(_original, '-') FROM shop_orders__rows WHERE _row IN (1, 6)") ==
      "{\"amount\":\"$1,234,567.89\"} -");
  Typed german("decimal");
  german.contract().scale = 2;
  german.contract().number = {.group = '.', .point = ','};
  CHECK(german.load({"12.345,67", "12.345.67"}) == "1234567");
}

TEST_CASE("damage: T3: groups that are not of three digits are kept out") {
  Typed shop("integer");
  shop.contract().number.group = ',';
  CHECK(shop.load({"1,23", "1234,567", ",123", "12,,345", "1,234", "1234"}) == "1234, 1234");
}

TEST_CASE("damage: T4: digits that the scale would drop are kept out, zeros are none") {
  Typed shop("decimal");
  shop.contract().scale = 2;
  CHECK(shop.load({"1.005", "1.500", "2", "2.5"}) == "150, 200, 250");
  CHECK(shop.quarantined() == "2 too_precise amount");
}

TEST_CASE("damage: T5: what 64 bits do not hold is kept out") {
  Typed shop("integer");
  CHECK(shop.load({"9223372036854775807", "9223372036854775808", "-9223372036854775808"}) ==
        "9223372036854775807, -9223372036854775808");
  CHECK(shop.quarantined() == "3 out_of_range amount");
}

TEST_CASE("damage: T6: reals are finite and decimal") {
  Typed shop("real");
  CHECK(shop.load({"NaN", "inf", "0x10", "1e999", "1.5e3", "-2.25", "7"}) == "1500, -2.25, 7");
  CHECK(shop.quarantined() ==
        "2 not_real amount, 3 not_real amount, 4 not_real amount,"
        " 5 out_of_range amount");
}

TEST_CASE("damage: T7: an empty field is NULL and no value of a required column") {
  Typed shop("integer");
  CHECK(shop.load({"", "0"}) == "NULL, 0");
  shop.write("orders-2.csv", csv(",x,5\n"));
  shop.ingest_all();
  CHECK(shop.quarantined() == "2 missing_value id");
}

TEST_CASE("damage: T8: N/A is a text unless it is declared to mean NULL") {
  Typed shop("integer");
  CHECK(shop.load({"N/A", "5"}) == "5");
  CHECK(shop.quarantined() == "2 not_integer amount");
  Typed declared("integer");
  declared.contract().null_values = {"N/A"};
  CHECK(declared.load({"N/A", "5"}) == "NULL, 5");
  CHECK(declared.values("SELECT _original FROM shop_orders__rows WHERE _row = 1") ==
        "{\"amount\":\"N/A\"}");
}

TEST_CASE("damage: T9: blanks belong to a value until trim is declared") {
  Typed shop("integer");
  CHECK(shop.load({" 5", "6"}) == "6");
  Typed trimmed("integer");
  trimmed.contract().trim = true;
  CHECK(trimmed.load({" 5 ", "  "}) == "5, NULL");
}

TEST_CASE("damage: T10: days that do not exist or are written otherwise are kept out") {
  Typed shop("date");
  CHECK(shop.load({"2026-02-30", "01/02/2026", "2026-2-3", "2024-02-29"}) == "2024-02-29");
  Typed written("date");
  written.contract().formats = {"%-d %b %Y"};
  CHECK(written.load({"3 Feb 2026", "03 February 2026", "2026-02-03", "31 Feb 2026"}) ==
        "2026-02-03, 2026-02-03");
}

TEST_CASE("damage: T11: a day that two formats read differently is kept out") {
  Typed shop("date");
  shop.contract().formats = {"%d/%m/%Y", "%m/%d/%Y"};
  CHECK(shop.load({"01/02/2026", "13/02/2026", "02/13/2026", "03/03/2026"}) ==
        "2026-02-13, 2026-02-13, 2026-03-03");
  CHECK(shop.quarantined() == "2 ambiguous_date amount");
}

TEST_CASE("damage: T12: booleans are the declared texts") {
  Typed shop("boolean");
  CHECK(shop.load({"yes", "true", "0", "TRUE"}) == "1, 0");
  Typed declared("boolean");
  declared.contract().true_values = {"Y", "yes"};
  declared.contract().false_values = {"N"};
  CHECK(declared.load({"yes", "Y", "N", "true"}) == "1, 1, 0");
}

TEST_CASE("damage: T13: values outside what is accepted are kept out") {
  Typed shop("decimal");
  shop.contract().scale = 2;
  shop.contract().min = "0";
  shop.contract().max = "10.00";
  shop.column("email").contract.pattern = "^[^@]+@";
  shop.column("email").contract.length_max = 6;
  shop.column("id").contract.accepted_values = {"1", "2", "3", "4", "5"};
  shop.write("orders-1.csv",
             csv("1,a@x,10\n2,a@x,10.01\n3,a@x,-0.01\n4,ax,1\n5,ää@xyz,1\n5,ää@xyzz,1\n6,a@x,1\n"));
  shop.ingest_all();
  CHECK(shop.values(kAll) == "1|a@x|1000 5|ää@xyz|100");
  CHECK(shop.quarantined() ==
        "3 out_of_range amount, 4 out_of_range amount, 5 no_match email,"
        " 7 bad_length email, 8 not_accepted id");
}

TEST_CASE("damage: T14: broken JSON in a json column is kept out") {
  Typed shop("json");
  shop.write("orders-1.csv", csv("1,x,\"{\"\"a\"\":1.10}\"\n2,x,{a}\n"));
  shop.ingest_all();
  CHECK(shop.values("SELECT amount FROM shop_orders") == "{\"a\":1.10}");
  CHECK(shop.quarantined() == "3 not_json amount");
}

// ---- time

TEST_CASE("damage: M1: a time that names no zone is kept out where the column names none") {
  Typed shop("timestamp");
  CHECK(shop.load({"2026-07-01 12:00:00", "2026-07-01T12:00:00Z"}) == "2026-07-01 12:00:00");
  CHECK(shop.quarantined() == "2 no_time_zone amount");
}

TEST_CASE("damage: M2: two zones in one column meet in UTC") {
  Typed shop("timestamp");
  shop.contract().time_zone = "Europe/Berlin";
  CHECK(shop.load({"2026-07-01T12:00:00", "2026-01-01 12:00", "2026-07-01T12:00:00-05:00",
                   "2026-07-01T12:00:00.250Z", "12:00 CET"}) ==
        "2026-07-01 10:00:00, 2026-01-01 11:00:00, 2026-07-01 17:00:00, 2026-07-01 12:00:00.25");
  CHECK(shop.quarantined() == "6 not_timestamp amount");
}

TEST_CASE("damage: M3: an hour that happens twice is kept out") {
  Typed shop("timestamp");
  shop.contract().time_zone = "Europe/Berlin";
  CHECK(shop.load({"2026-10-25 02:30:00", "2026-10-25T02:30:00+02:00"}) == "2026-10-25 00:30:00");
  CHECK(shop.quarantined() == "2 ambiguous_time amount");
}

TEST_CASE("damage: M4: an hour that never happens is kept out") {
  Typed shop("timestamp");
  shop.contract().time_zone = "Europe/Berlin";
  CHECK(shop.load({"2026-03-29 02:30:00", "2026-03-29 03:30:00"}) == "2026-03-29 01:30:00");
  CHECK(shop.quarantined() == "2 nonexistent_time amount");
}

TEST_CASE("damage: M5: late rows are loaded and belong to the day they name") {
  Typed shop("date");
  shop.write("orders-2.csv", csv("1,x,2026-02-01\n"));
  shop.ingest_all();
  shop.write("orders-1.csv", csv("2,x,2026-03-01\n3,x,2026-02-01\n"));
  shop.ingest_all();
  CHECK(shop.values("SELECT count(*) FROM shop_orders WHERE amount = '2026-02-01'") == "2");
}

// ---- keys

TEST_CASE("damage: K1: the second row with a unique value is kept out") {
  Shop shop;
  shop.column("id").unique = true;
  shop.write("orders-1.csv", csv("1,a,5\n1,b,6\n1,a,5\n2,c,7\n"));
  shop.ingest_all();
  CHECK(shop.values(kAll) == "1|a|5 2|c|7");
  CHECK(shop.quarantined() == "3 duplicate_key id, 4 duplicate_key id");
}

TEST_CASE("damage: K2: a unique value of another file is not loaded with other values") {
  Shop shop;
  shop.column("id").unique = true;
  shop.write("orders-1.csv", csv("1,a,5\n2,b,6\n"));
  shop.ingest_all();
  shop.write("orders-2.csv", csv("2,x,6\n2,b,6\n3,c,7\n"));
  const TableReport report = shop.ingest_all();
  CHECK(report.repeated == 1);
  CHECK(shop.values(kAll) == "1|a|5 2|b|6 3|c|7");
  CHECK(shop.quarantined() == "2 duplicate_key id");
  // A file does not stand in its own way.
  shop.write("orders-1.csv", csv("1,a,9\n2,b,6\n"));
  CHECK(shop.ingest_all().quarantined == 0);
}

TEST_CASE("damage: K3: columns may be unique together") {
  Shop shop;
  shop.table().unique_keys = {{"id", "email"}};
  shop.write("orders-1.csv", csv("1,a,5\n1,b,5\n1,a,6\n2,,5\n2,,6\n"));
  shop.ingest_all();
  CHECK(shop.quarantined() == "4 duplicate_key id, email");  // NULLs are distinct
}

TEST_CASE("damage: K4: the same file twice adds nothing, under one name or two") {
  Shop shop;
  shop.write("orders-1.csv", csv("1,a,5\n1,a,5\n2,b,6\n"));
  CHECK(shop.ingest_all().rows == 3);
  CHECK(shop.ingest_all().skipped == 1);
  shop.write("orders-2.csv", csv("1,a,5\n1,a,5\n2,b,6\n"));
  const TableReport report = shop.ingest_all();
  CHECK(report.rows == 0);
  CHECK(report.repeated == 3);
  CHECK(shop.values("SELECT count(*) FROM shop_orders") == "3");
  shop.table().overlap = catalog::Overlap::Keep;
  shop.write("orders-3.csv", csv("2,b,6\n"));
  CHECK(shop.ingest_all().rows == 1);
}

TEST_CASE("damage: K5: overlapping pieces of one extract load each row once") {
  Shop shop;
  shop.write("orders-1.csv", csv(many_rows(100)));
  shop.write("orders-2.csv", csv(many_rows(100, 51)));
  const TableReport report = shop.ingest_all();
  CHECK(report.rows == 150);
  CHECK(report.repeated == 50);
  shop.write("orders-3.csv", csv(many_rows(150)));
  CHECK(shop.ingest_all().rows == 0);
  CHECK(shop.values("SELECT count(DISTINCT id) || '/' || count(*) FROM shop_orders") == "150/150");
}

TEST_CASE("damage: K6: a repeated row outlives the file that held it") {
  Shop shop;
  shop.write("orders-1.csv", csv("1,a,5\n2,b,6\n2,b,6\n"));
  shop.write("orders-2.csv", csv("2,b,6\n3,c,7\n"));
  shop.write("orders-3.csv", csv("2,b,6\n2,b,6\n"));
  shop.ingest_all();
  CHECK(shop.values("SELECT count(*) FROM shop_orders WHERE id = '2'") == "2");
  shop.write("orders-1.csv", csv("1,a,5\n"));
  shop.ingest_all();
  CHECK(shop.values("SELECT count(*) FROM shop_orders WHERE id = '2'") == "2");
  shop.write("orders-3.csv", csv("9,z,1\n"));
  shop.ingest_all();
  CHECK(shop.values("SELECT count(*) FROM shop_orders WHERE id = '2'") == "1");
  shop.write("orders-2.csv", csv("3,c,7\n"));
  shop.ingest_all();
  CHECK(shop.values("SELECT id FROM shop_orders ORDER BY id") == "1 3 9");
}

// ---- drift

TEST_CASE("damage: D1: an added column is refused, kept beside, or keeps the rows out") {
  using enum catalog::DriftAction;
  Shop shop;
  shop.write("orders-1.csv", "id,email,amount,coupon\n1,a,5,X\n");
  CHECK(refusal(shop.ingest_all()) == "schema_drift");
  CHECK(shop.values("SELECT kind || ' ' || column_name || ' ' || action FROM _martgate_drift") ==
        "added coupon refuse");
  shop.table().on_drift.added = Quarantine;
  shop.ingest_all();
  CHECK(shop.quarantined() == "2 schema_drift ");
  shop.table().on_drift.added = Accept;
  const TableReport report = shop.ingest_all({.full = true});
  CHECK(shop.values(kAll) == "1|a|5");
  CHECK(shop.values("SELECT _original FROM shop_orders__rows") == "{\"coupon\":\"X\"}");
  REQUIRE(report.drift.size() == 1);
  CHECK(report.drift[0].event.line == 1);
}

TEST_CASE("damage: D2: a removed column is refused, or NULL") {
  Shop shop;
  shop.write("orders-1.csv", "id,amount\n1,5\n");
  CHECK(refusal(shop.ingest_all()) == "schema_drift");
  shop.table().on_drift.removed = catalog::DriftAction::Accept;
  shop.ingest_all();
  CHECK(shop.values(kAll) == "1|-|5");
  CHECK(shop.values("SELECT kind || ' ' || column_name FROM _martgate_drift") == "removed email");
}

TEST_CASE("damage: D3: a renamed column is never mapped, its likely name is a label") {
  Shop shop;
  shop.write("orders-1.csv", "id,e_mail,amount\n1,a,5\n");
  CHECK(refusal(shop.ingest_all()) == "schema_drift");
  CHECK(shop.values("SELECT kind || ': ' || column_name || ': ' || guess FROM _martgate_drift") ==
        "renamed: email: \"e_mail\" may be the new name: same place, similar name");
  shop.table().on_drift.renamed = catalog::DriftAction::Accept;
  shop.ingest_all();
  CHECK(shop.values(kAll) == "1|-|5");
  CHECK(shop.values("SELECT _original FROM shop_orders__rows") == "{\"e_mail\":\"a\"}");
}

TEST_CASE("damage: D4: another order of columns is read by name and recorded, or refused") {
  Shop shop;
  shop.write("orders-1.csv", "amount,id,email\n5,1,a\n");
  shop.ingest_all();
  CHECK(shop.values(kAll) == "1|a|5");
  CHECK(shop.values("SELECT kind || ': ' || detail FROM _martgate_drift") ==
        "reordered: delivered as amount, id, email");
  shop.table().on_drift.reordered = catalog::DriftAction::Refuse;
  CHECK(refusal(shop.ingest_all({.full = true})) == "schema_drift");
}

TEST_CASE("damage: D5: a column whose values changed their type is recorded, or refused") {
  Typed shop("integer");
  std::string rows = "1,x,1\n";
  for (int i = 2; i < 32; ++i) rows += fmt::format("{},x,2026-01-{:02}\n", i, i % 28 + 1);
  shop.write("orders-1.csv", csv(rows));
  const TableReport report = shop.ingest_all();
  CHECK(report.quarantined == 30);
  CHECK(shop.values("SELECT kind || ': ' || column_name || ': ' || detail || '; ' || guess"
                    " FROM _martgate_drift") ==
        "type_changed: amount: 30 of 31 values are no integer; they look like date");
  shop.table().on_drift.type_changed = catalog::DriftAction::Refuse;
  shop.write("orders-2.csv", csv(rows));
  CHECK(refusal(shop.ingest_all()) == "schema_drift");
}

TEST_CASE("damage: D6: an undeclared JSON member is an added column with its line") {
  using enum catalog::DriftAction;
  Shop shop;
  shop.table().format = catalog::FileFormat::Jsonl;
  shop.write("orders-1.csv", "{\"id\":\"1\",\"email\":\"a\"}\n{\"id\":\"2\",\"tip\":1.50}\n");
  CHECK(refusal(shop.ingest_all()) == "schema_drift");
  CHECK(shop.values("SELECT kind || ' ' || column_name || ' ' || line FROM _martgate_drift") ==
        "added tip 2");
  shop.table().on_drift.added = Quarantine;
  shop.ingest_all();
  CHECK(shop.quarantined() == "2 schema_drift tip");
  shop.table().on_drift.added = Accept;
  shop.ingest_all({.full = true});
  CHECK(shop.values("SELECT _original FROM shop_orders__rows WHERE id = '2'") ==
        "{\"tip\":\"1.50\"}");
}

// ---- volume

namespace {

// Six files of 40 rows.
struct Steady : Shop {
  Steady() {
    for (int i = 1; i <= 6; ++i) {
      write(fmt::format("orders-{}.csv", i), csv(many_rows(40, i * 1'000)));
    }
    ingest_all();
  }
};

}  // namespace

TEST_CASE("damage: V1: a file a tenth of its usual size is held until it is released") {
  Steady shop;
  shop.write("orders-7.csv", csv(many_rows(4, 7'000)));
  TableReport report = shop.ingest_all();
  CHECK(report.loaded == 0);
  REQUIRE(report.held.size() == 1);
  CHECK(report.held[0].reason == "holds 4 rows, 0.1 times the usual 40");
  CHECK(shop.values("SELECT count(*) FROM shop_orders") == "240");
  CHECK(shop.values("SELECT count(*) FROM _martgate_loads") == "6");
  IngestOptions release;
  release.release = {"orders-7.csv"};
  report = shop.ingest_all(release);
  CHECK(report.loaded == 1);
  CHECK(shop.values("SELECT count(*) FROM shop_orders") == "244");
  CHECK(shop.values("SELECT state FROM _martgate_held") == "loaded");
  const auto again =
      ingest::ingest(shop.project, shop.project.settings.state_folder, shop.clock, release);
  REQUIRE_FALSE(again);
  CHECK(again.error().reason == "nothing_held");
}

TEST_CASE(
    "damage: V2: a file many times its usual size is held, and not where nothing is checked") {
  Steady shop;
  shop.write("orders-7.csv", csv(many_rows(401, 7'000)));
  CHECK(shop.ingest_all().held.size() == 1);
  shop.table().volume.is_checked = false;
  shop.write("orders-8.csv", csv(many_rows(401, 8'000)));
  CHECK(shop.ingest_all().loaded == 1);
}

TEST_CASE("damage: V3: held bytes stay held, and other bytes are judged anew") {
  Steady shop;
  shop.write("orders-6.csv", csv(many_rows(2, 6'000)));
  CHECK(shop.ingest_all().held.size() == 1);
  CHECK(shop.ingest_all().held.size() == 1);
  CHECK(shop.values("SELECT count(*) FROM _martgate_held") == "1");
  CHECK(shop.values("SELECT count(*) FROM shop_orders") == "240");  // the load before it stays live
  shop.write("orders-6.csv", csv(many_rows(39, 6'000)));
  CHECK(shop.ingest_all().loaded == 1);
  CHECK(shop.values("SELECT state FROM _martgate_held") == "replaced");
  CHECK(shop.values("SELECT count(*) FROM shop_orders") == "239");
}

// ---- files

TEST_CASE("damage: F1: gzip is read through all its members") {
  Shop shop;
  shop.table().files = "orders-*.csv.gz";
  write_gzip(shop.project.settings.data_folder / "orders-1.csv.gz", csv("1,a,5\n"), "2,b,6\n");
  shop.ingest_all();
  CHECK(shop.values(kAll) == "1|a|5 2|b|6");
}

TEST_CASE("damage: F2: gzip that ends early or is damaged is refused whole") {
  Shop shop;
  shop.table().files = "orders-*.csv.gz";
  const auto folder = shop.project.settings.data_folder;
  write_gzip(folder / "orders-1.csv.gz", csv(many_rows(5'000)));
  std::filesystem::resize_file(folder / "orders-1.csv.gz",
                               std::filesystem::file_size(folder / "orders-1.csv.gz") - 12);
  shop.write("orders-2.csv.gz", csv("1,a,5\n"));
  const TableReport report = shop.ingest_all();
  REQUIRE(report.refused.size() == 2);
  CHECK(report.refused[0].error.reason == "unreadable_file");
  CHECK(report.refused[1].error.reason == "unreadable_file");
  CHECK(shop.values("SELECT count(*) FROM shop_orders__rows") == "0");
}

TEST_CASE("damage: F3: a gzip bomb is refused before it fills anything") {
  Shop shop;
  shop.table().files = "orders-*.csv.gz";
  const auto path = shop.project.settings.data_folder / "orders-1.csv.gz";
  const gzFile file = gzopen(path.c_str(), "wb9");
  REQUIRE(file != nullptr);
  gzputs(file, "id,email,amount\n");
  const std::string block(1UL << 20U, 'x');
  for (int i = 0; i < 80; ++i) REQUIRE(gzwrite(file, block.data(), 1U << 20U) > 0);
  gzclose(file);
  const TableReport report = shop.ingest_all();
  CHECK(refusal(report) == "unreadable_file");
  CHECK(report.refused[0].error.message.ends_with("inflates to more than 400 times its size"));
  CHECK(shop.values("SELECT count(*) FROM _martgate_quarantine") == "0");
}

TEST_CASE("damage: F4: a file that is written while it is read waits for its end") {
  Shop shop;
  shop.write("orders-1.csv", csv(many_rows(70'000)));
  IngestOptions options;
  bool has_grown = false;
  options.progress = [&](const IngestProgress& progress) {
    if (progress.rows == 0 || has_grown) return;
    has_grown = true;
    std::ofstream(shop.project.settings.data_folder / "orders-1.csv", std::ios::app)
        << "99999999,y,1\n";
  };
  CHECK(refusal(shop.ingest_all(options)) == "changed_file");
  CHECK(has_grown);
  CHECK(shop.values("SELECT count(*) FROM shop_orders__rows") == "0");
  CHECK(shop.ingest_all().rows == 70'001);
}

TEST_CASE("damage: F5: links and patterns do not leave the data folder") {
  Shop shop;
  const auto outside = shop.folder.path() / "secret.csv";
  std::ofstream(outside) << csv("1,secret,5\n");
  std::filesystem::create_symlink(outside, shop.project.settings.data_folder / "orders-1.csv");
  shop.write("real.csv", csv("2,b,6\n"));
  std::filesystem::create_symlink("real.csv", shop.project.settings.data_folder / "orders-2.csv");
  CHECK(shop.ingest_all().files_seen == 1);
  CHECK(shop.values(kAll) == "2|b|6");
  CHECK_FALSE(files_matching(shop.project.settings.data_folder, "../*.csv"));
}

TEST_CASE("damage: F6: a pipe among the files keeps nobody waiting") {
  Shop shop;
  REQUIRE(::mkfifo((shop.project.settings.data_folder / "orders-1.csv").c_str(), 0600) == 0);
  CHECK(shop.ingest_all().files_seen == 0);
  CHECK_FALSE(FileBytes::open(shop.project.settings.data_folder / "orders-1.csv"));
}

TEST_CASE("damage: F7: rows of a file that vanished stay") {
  Shop shop;
  shop.write("orders-1.csv", csv("1,a,5\n"));
  shop.ingest_all();
  std::filesystem::remove(shop.project.settings.data_folder / "orders-1.csv");
  CHECK(shop.ingest_all().vanished == std::vector<std::string>{"orders-1.csv"});
  CHECK(shop.values(kAll) == "1|a|5");
}

TEST_CASE("damage: F8: an error half-way leaves nothing of the file; kills are in test_crash") {
  Shop shop;
  shop.table().format = catalog::FileFormat::Jsonl;
  std::string text;
  for (int i = 0; i < 1'000; ++i) text += fmt::format("{{\"id\":\"{}\"}}\n", i);
  shop.write("orders-1.csv", text + "{\"id\":\"x\",\"undeclared\":1}\n");
  shop.ingest_all();
  CHECK(shop.values("SELECT count(*) FROM shop_orders__rows") == "0");
  CHECK(shop.values("SELECT count(*) FROM _martgate_loads") == "0");
}

// ---- hostile values

TEST_CASE("damage: H1: formulas, SQL and markup stay what they are") {
  Shop shop;
  const std::vector<std::string> texts{"=HYPERLINK(1)", "'); DROP TABLE shop_orders__rows; --",
                                       "<script>alert(1)</script>", "{{7*7}}", "../../etc/passwd"};
  std::string rows;
  for (const std::string& text : texts) rows += "1,\"" + text + "\",5\n";
  shop.write("orders-1.csv", csv(rows));
  shop.ingest_all();
  std::string expected;
  for (const std::string& text : texts) expected += (expected.empty() ? "" : "\n") + text;
  CHECK(shop.values("SELECT email FROM shop_orders ORDER BY _row", "\n") == expected);
}

TEST_CASE("damage: H2: a column's name is a name whatever it holds") {
  Shop shop;
  shop.column("email").name = "e\"); DROP TABLE _martgate_loads; --";
  shop.column("amount").unique = true;
  shop.column("amount").name = "a'b\"c";
  shop.write("orders-1.csv",
             "id,\"e\"\"); DROP TABLE _martgate_loads; --\",\"a'b\"\"c\"\n1,a,5\n1,b,5\n");
  const TableReport report = shop.ingest_all();
  CHECK(report.rows == 1);
  CHECK(report.quarantined == 1);
  CHECK(shop.values("SELECT count(*) FROM _martgate_loads") == "1");
}

TEST_CASE("damage: H3: what is reported of foreign text cannot move a terminal") {
  Typed shop("integer");
  shop.load(
      {"\x1B[2J\xE2\x80\xAE"
       "5"});
  CHECK(shop.values("SELECT reason FROM _martgate_quarantine") ==
        "amount is not an integer: \"\\u001b[2J\\u202e5\"");
}

// ---- the table itself

TEST_CASE("damage: every row of the table in docs/ingest.md has a test, and every test a row") {
  const std::filesystem::path root = MARTGATE_SOURCE_DIR;
  const auto docs = read_file(root / "docs" / "ingest.md");
  const auto tests = read_file(root / "tests" / "ingest" / "test_damage.cc");
  REQUIRE(docs);
  REQUIRE(tests);
  const auto ids = [](const std::string& text, const char* pattern) {
    const re2::RE2 id(pattern);
    re2::StringPiece rest(text);
    std::set<std::string> found;
    std::string one;
    while (re2::RE2::FindAndConsume(&rest, id, &one)) CHECK(found.insert(one).second);
    return found;
  };
  const auto rows = ids(*docs, R"((?m)^\| ([A-Z][0-9]+) \|)");
  CHECK(rows.size() > 50);
  CHECK(rows == ids(*tests, R"re(TEST_CASE\(\s*"damage: ([A-Z][0-9]+): )re"));
}
