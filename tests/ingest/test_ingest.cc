#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>

#include "ingest/fixture.h"
#include "ingest/glob.h"

using namespace martgate;
using namespace martgate::ingest;

TEST_CASE("ingest: a file with other columns than declared is refused and others go on") {
  Shop shop;
  shop.write("orders-1.csv", "id,emial,amount,extra\n1,a@x,5,z\n");
  shop.write("orders-2.csv", "amount,id,email\n7,2,b@x\n");
  const TableReport report = shop.ingest_all();
  CHECK(report.loaded == 1);
  REQUIRE(report.refused.size() == 1);
  CHECK(report.refused[0].path == "orders-1.csv");
  CHECK(report.refused[0].error.reason == "schema_drift");
  CHECK(to_text(report.refused[0].error) ==
        "the header row misses \"email\" and has undeclared \"emial\", \"extra\";"
        " did you mean \"email\" instead of \"emial\"; declared columns: id, email, amount");
  CHECK(shop.values("SELECT id || email || amount FROM shop_orders") == "2b@x7");
  CHECK(shop.values("SELECT count(*) FROM _martgate_loads") == "1");
}

TEST_CASE("ingest: a column named twice, a missing header and an empty file are refused") {
  Shop shop;
  shop.write("orders-1.csv", "id,email,amount,id\n1,2,3,4\n");
  shop.write("orders-2.csv", "");
  shop.write("orders-3.csv", "i\"d,email,amount\n");
  const TableReport report = shop.ingest_all();
  CHECK(report.loaded == 0);
  REQUIRE(report.refused.size() == 3);
  CHECK(report.refused[0].error.message == "the header row repeats \"id\"");
  CHECK(report.refused[1].error.message == "the file has no header row");
  CHECK(report.refused[2].error.message ==
        "the header row in line 1 has a quote inside an unquoted field");
}

TEST_CASE(
    "ingest: bad rows and rows without a required value go to quarantine, the others are loaded") {
  Shop shop;
  shop.write("orders-1.csv", "id,email,amount\n1,a,5\n2,b\n,c,7\n4,\xFF,8\n5,e,9\n");
  const TableReport report = shop.ingest_all();
  CHECK(report.rows == 2);
  CHECK(report.quarantined == 3);
  CHECK(shop.values("SELECT id FROM shop_orders ORDER BY _row") == "1 5");
  CHECK(shop.values("SELECT _row FROM shop_orders ORDER BY _row") == "1 5");
  CHECK(shop.values("SELECT line || '/' || reason FROM _martgate_quarantine ORDER BY line") ==
        "3/has 2 fields instead of 3 4/holds no value in the required column id"
        " 5/holds bytes that are not UTF-8");
  CHECK(shop.values("SELECT hex(raw) FROM _martgate_quarantine WHERE line = 5") == "342CFF2C38");
}

TEST_CASE("ingest: the same bytes under the same path are loaded once") {
  Shop shop;
  shop.write("orders-1.csv", "id,email,amount\n1,a,5\n1,a,5\n");
  CHECK(shop.ingest_all().loaded == 1);
  const TableReport again = shop.ingest_all();
  CHECK(again.loaded == 0);
  CHECK(again.skipped == 1);
  CHECK(shop.values("SELECT count(*) FROM shop_orders") == "2");  // equal lines are two rows
  CHECK(shop.ingest_all({.full = true}).loaded == 1);
  CHECK(shop.values("SELECT count(*) FROM shop_orders") == "2");
  CHECK(shop.values("SELECT count(*) FROM shop_orders__rows") == "4");
}

TEST_CASE(
    "ingest: changed bytes replace the load of their path and the old rows stay in the store") {
  Shop shop;
  shop.write("orders-1.csv", "id,email,amount\n1,a,5\n");
  shop.write("orders-2.csv", "id,email,amount\n2,b,6\n");
  shop.ingest_all();
  shop.write("orders-1.csv", "id,email,amount\n1,a,9\n");
  CHECK(shop.ingest_all().loaded == 1);
  CHECK(shop.values("SELECT amount FROM shop_orders ORDER BY id") == "9 6");
  CHECK(shop.values("SELECT amount FROM shop_orders__rows ORDER BY _load_id") == "5 6 9");
  CHECK(shop.values("SELECT live || coalesce('->' || superseded_by, '') FROM _martgate_loads ORDER "
                    "BY load_id") == "0->3 1 1");
  // Back to the first bytes is a change too.
  shop.write("orders-1.csv", "id,email,amount\n1,a,5\n");
  CHECK(shop.ingest_all().loaded == 1);
  CHECK(shop.values("SELECT amount FROM shop_orders ORDER BY id") == "5 6");
}

TEST_CASE("ingest: of a snapshot table only the last file by name is live") {
  Shop shop;
  shop.table().load = catalog::LoadMode::Snapshot;
  shop.write("orders-1.csv", "id,email,amount\n1,a,5\n");
  shop.write("orders-3.csv", "id,email,amount\n3,c,7\n");
  shop.ingest_all();
  CHECK(shop.values("SELECT id FROM shop_orders") == "3");
  shop.write("orders-2.csv", "id,email,amount\n2,b,6\n");
  shop.ingest_all();
  CHECK(shop.values("SELECT id FROM shop_orders") == "3");
  shop.write("orders-4.csv", "id,email,amount\n4,d,8\n");
  shop.ingest_all();
  CHECK(shop.values("SELECT id FROM shop_orders") == "4");
  CHECK(shop.values("SELECT path || live || '>' || coalesce(superseded_by, 0) FROM _martgate_loads "
                    "ORDER BY load_id") ==
        "orders-1.csv0>4 orders-3.csv0>4 orders-2.csv0>4 orders-4.csv1>0");
  shop.table().load = catalog::LoadMode::Append;
  shop.ingest_all();
  CHECK(shop.values("SELECT id FROM shop_orders ORDER BY id") == "1 2 3 4");
}

TEST_CASE("ingest: a refused newest snapshot leaves the one before it live") {
  Shop shop;
  shop.table().load = catalog::LoadMode::Snapshot;
  shop.write("orders-1.csv", "id,email,amount\n1,a,5\n");
  shop.write("orders-2.csv", "id,email\n2,b\n");
  CHECK(shop.ingest_all().refused.size() == 1);
  CHECK(shop.values("SELECT id FROM shop_orders") == "1");
}

TEST_CASE("ingest: a file that vanished stays live and is reported") {
  Shop shop;
  shop.write("orders-1.csv", "id,email,amount\n1,a,5\n");
  shop.ingest_all();
  std::filesystem::remove(shop.project.settings.data_folder / "orders-1.csv");
  const TableReport report = shop.ingest_all();
  CHECK(report.files_seen == 0);
  CHECK(report.vanished == std::vector<std::string>{"orders-1.csv"});
  CHECK(shop.values("SELECT id FROM shop_orders") == "1");
}

TEST_CASE("ingest: a column declared later is added, one no longer declared leaves the view") {
  Shop shop;
  shop.write("orders-1.csv", "id,email,amount\n1,a,5\n");
  shop.ingest_all();
  shop.table().columns[1].name = "channel";
  shop.write("orders-2.csv", "id,channel,amount\n2,web,6\n");
  CHECK(shop.ingest_all().loaded == 1);
  CHECK(shop.values("SELECT coalesce(channel, '-') FROM shop_orders ORDER BY id") == "- web");
  CHECK(shop.values("SELECT name FROM pragma_table_info('shop_orders')") ==
        "id channel amount _load_id _row _loaded_at");
  CHECK(shop.values("SELECT email FROM shop_orders__rows WHERE id = '1'") == "a");
}

TEST_CASE("ingest: an empty field is NULL, quoted or not") {
  Shop shop;
  shop.write("orders-1.csv", "id,email,amount\n1,,\"\"\n");
  shop.ingest_all();
  CHECK(shop.values("SELECT typeof(email) || typeof(amount) FROM shop_orders") == "nullnull");
}

TEST_CASE("ingest: JSON lines keep strings and the digits of numbers, null and missing are NULL") {
  Shop shop;
  shop.table().format = catalog::FileFormat::Jsonl;
  shop.table().files = "orders.jsonl";
  shop.write("orders.jsonl",
             "{\"id\":\"1\",\"email\":\"a\\u00e4\\\"\",\"amount\": 1.10 }\n"
             "\n"
             "{\"amount\":{ \"b\": [1.50, true], \"c d\":\"x y\" },\"id\":2}\r\n"
             "{\"id\":3,\"email\":null,\"amount\":true}\n"
             "[1]\n"
             "{\"id\":4\n"
             "{\"id\":5,\"id\":6}\n"
             "{\"id\":7,\"amount\":\"\"}");
  const TableReport report = shop.ingest_all();
  CHECK(report.rows == 4);
  CHECK(report.quarantined == 3);
  CHECK(shop.values("SELECT id FROM shop_orders ORDER BY _row") == "1 2 3 7");
  CHECK(shop.values("SELECT coalesce(amount, 'NULL') FROM shop_orders ORDER BY _row") ==
        "1.10 {\"b\":[1.50,true],\"c d\":\"x y\"} true ");
  CHECK(shop.values("SELECT coalesce(email, 'NULL') FROM shop_orders ORDER BY _row") ==
        "aä\" NULL NULL NULL");
  CHECK(shop.values("SELECT line FROM _martgate_quarantine ORDER BY line") == "5 6 7");
}

TEST_CASE("ingest: an undeclared member of a JSON line refuses the whole file") {
  Shop shop;
  shop.table().format = catalog::FileFormat::Jsonl;
  shop.table().files = "orders.jsonl";
  shop.write("orders.jsonl", "{\"id\":1}\n{\"id\":2,\"ammount\":3}\n");
  const TableReport report = shop.ingest_all();
  REQUIRE(report.refused.size() == 1);
  CHECK(to_text(report.refused[0].error) ==
        "line 2 has undeclared \"ammount\"; did you mean \"amount\" instead of \"ammount\";"
        " declared columns: id, email, amount");
  CHECK(shop.values("SELECT count(*) FROM shop_orders__rows") == "0");
}

TEST_CASE("ingest: gzip files are read through, damaged ones are refused") {
  Shop shop;
  shop.table().files = "orders-*.csv.gz";
  const auto whole = shop.project.settings.data_folder / "orders-1.csv.gz";
  const gzFile file = gzopen(whole.c_str(), "wb");
  REQUIRE(file != nullptr);
  REQUIRE(gzputs(file, "id,email,amount\n1,a,5\n") > 0);
  gzclose(file);
  std::filesystem::copy_file(whole, shop.project.settings.data_folder / "orders-2.csv.gz");
  std::filesystem::resize_file(shop.project.settings.data_folder / "orders-2.csv.gz",
                               std::filesystem::file_size(whole) - 9);
  shop.write("orders-3.csv.gz", "id,email,amount\n1,a,5\n");
  const TableReport report = shop.ingest_all();
  CHECK(report.loaded == 1);
  REQUIRE(report.refused.size() == 2);
  CHECK(report.refused[0].error.message.ends_with("orders-2.csv.gz ends within its gzip data"));
  CHECK(report.refused[1].error.message.ends_with("orders-3.csv.gz is damaged gzip data"));
  CHECK(shop.values("SELECT id FROM shop_orders") == "1");
  CHECK(shop.ingest_all().skipped == 1);
}

TEST_CASE("ingest: a second ingest of the same state folder is refused while one runs") {
  Shop shop;
  std::filesystem::create_directories(shop.project.settings.state_folder);
  const auto path = shop.project.settings.state_folder / "raw.lock";
  const int held = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  REQUIRE(::flock(held, LOCK_EX) == 0);
  const auto refused = ingest::ingest(shop.project, shop.project.settings.state_folder, shop.clock);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().reason == "locked");
  ::close(held);
  CHECK(shop.ingest_all().loaded == 0);
}

TEST_CASE(
    "ingest: a load that is killed half-way leaves no rows, and the next one loads the file") {
  Shop shop;
  std::string text = "id,email,amount\n";
  for (int i = 0; i < 70'000; ++i) text += std::to_string(i) + ",a,5\n";
  shop.write("orders-1.csv", text);
  shop.write("orders-0.csv", "id,email,amount\n-1,a,5\n");
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    IngestOptions options;
    options.progress = [](const IngestProgress& progress) {
      if (progress.rows > 0) ::kill(::getpid(), SIGKILL);
    };
    static_cast<void>(
        ingest::ingest(shop.project, shop.project.settings.state_folder, shop.clock, options));
    ::_exit(0);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFSIGNALED(status));
  CHECK(shop.values("SELECT count(*) FROM shop_orders__rows") == "1");
  const TableReport report = shop.ingest_all();
  CHECK(report.loaded == 1);
  CHECK(report.skipped == 1);
  CHECK(shop.values("SELECT count(*) FROM shop_orders") == "70001");
}

TEST_CASE("ingest: live loads are counted for the snapshot") {
  Shop shop;
  const auto path = raw_store_path(shop.project.settings.state_folder);
  const auto before = loaded_tables(path, shop.project);
  REQUIRE(before);
  REQUIRE(before->size() == 1);
  CHECK((*before)[0].loads == 0);
  CHECK_FALSE((*before)[0].last_loaded_at);
  shop.write("orders-1.csv", "id,email,amount\n1,a,5\n2\n");
  shop.write("orders-2.csv", "id,email,amount\n2,b,6\n");
  shop.ingest_all();
  shop.write("orders-1.csv", "id,email,amount\n1,a,5\n");
  shop.ingest_all();
  const auto after = loaded_tables(path, shop.project);
  REQUIRE(after);
  CHECK((*after)[0].source == "shop");
  CHECK((*after)[0].loads == 2);
  CHECK((*after)[0].rows == 2);
  CHECK((*after)[0].quarantined == 0);
  REQUIRE((*after)[0].last_loaded_at);
  CHECK((*after)[0].last_loaded_at->time_since_epoch().count() == 1'795'000'003'000);
}

TEST_CASE("glob: a pattern that leaves the folder is refused") {
  CHECK_FALSE(files_matching("/tmp", "../*"));
  CHECK_FALSE(files_matching("/tmp", "/etc/*"));
  CHECK_FALSE(files_matching("/tmp", "a/../../b"));
}

TEST_CASE("glob: files come sorted, by parts, without hidden ones and folders") {
  Shop shop;
  for (const char* name :
       {"b/2.csv", "b/1.csv", "a/3.csv", "a/.4.csv", "a/5.csv/x", "c.csv", "b/1.txt"}) {
    shop.write(name, "");
  }
  const auto folder = shop.project.settings.data_folder;
  CHECK(*files_matching(folder, "*/*.csv") ==
        std::vector<std::string>{"a/3.csv", "b/1.csv", "b/2.csv"});
  CHECK(*files_matching(folder, "b/[12].csv") == std::vector<std::string>{"b/1.csv", "b/2.csv"});
  CHECK(*files_matching(folder, "c.csv") == std::vector<std::string>{"c.csv"});
  CHECK(files_matching(folder, "d/*")->empty());
  CHECK(files_matching(folder / "none", "*")->empty());
}
