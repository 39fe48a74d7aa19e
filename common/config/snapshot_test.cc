#include "common/config/snapshot.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/config/table_reference.h"

namespace ekiden::config {
namespace {

Snapshot example() {
    Snapshot snapshot;
    snapshot.generation = 7;
    snapshot.config_directory = "/etc/ekiden";
    snapshot.main_cf = {{"myhostname", "mail.example.jp"},
                        {"smtpd_banner", "$myhostname $service_name $process_name"}};
    std::vector<Finding> findings;
    snapshot.services = parse_master_cf(
        "smtp inet n - y - 2 smtpd -o { smtpd_timeout = 5s } -o message_size_limit=9\nqmgr unix - - n - 1 "
        "manager\n",
        "master.cf", findings);
    snapshot.files = {{"/etc/ekiden/a", "x y\n"}, {"/etc/ekiden/b", std::string("\0\xff", 2)}};
    return snapshot;
}

TEST(Snapshot, SurvivesTheSealedFile) {
    auto fd = seal(example());
    ASSERT_TRUE(fd) << fd.error().text;
    auto read = read_sealed(fd->get());
    ASSERT_TRUE(read) << read.error().text;
    EXPECT_EQ(read->generation, 7u);
    EXPECT_EQ(read->main_cf, example().main_cf);
    EXPECT_EQ(read->files, example().files);
    ASSERT_EQ(read->services.size(), 2u);
    EXPECT_EQ(encode(*read), encode(example()));
    EXPECT_EQ(::write(fd->get(), "x", 1), -1) << "nobody writes to it any more";
    EXPECT_EQ(::ftruncate(fd->get(), 0), -1);
}

TEST(Snapshot, ServicesSeeTheirOverrides) {
    Snapshot snapshot = example();
    const ServiceEntry* smtp = snapshot.service("smtp", ServiceType::inet);
    ASSERT_NE(smtp, nullptr);
    auto settings = snapshot.settings_of(*smtp);
    ASSERT_TRUE(settings) << settings.error().text;
    EXPECT_EQ((*settings)[param::smtpd_timeout], Seconds(5));
    EXPECT_EQ((*settings)[param::smtpd_banner], "mail.example.jp smtp smtpd");
    EXPECT_EQ((*snapshot.settings())[param::smtpd_timeout], Seconds(300));
    EXPECT_EQ(snapshot.service("smtp", ServiceType::pass), nullptr);
}

TEST(Snapshot, RefusesWhatItDidNotWrite) {
    std::string good = encode(example());
    for (std::size_t cut = 0; cut < good.size(); ++cut) EXPECT_FALSE(decode(good.substr(0, cut))) << cut;
    EXPECT_FALSE(decode(good + "x"));
    EXPECT_FALSE(decode("EKCF\2" + good.substr(5)));
    OwnedFd open_file(::memfd_create("x", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    ASSERT_EQ(::write(open_file.get(), good.data(), good.size()), static_cast<ssize_t>(good.size()));
    EXPECT_FALSE(read_sealed(open_file.get())) << "not sealed";
}

TEST(TableReference, Forms) {
    EXPECT_EQ(parse_table_reference("hash:/etc/x")->type, "hash");
    EXPECT_EQ(parse_table_reference("proxy:proxy:CIDR:/etc/x")->type, "cidr");
    EXPECT_EQ(parse_table_reference("inline:{ a=b:c }")->name, "{ a=b:c }");
    EXPECT_FALSE(parse_table_reference("/etc/x"));
    EXPECT_FALSE(parse_table_reference(":x"));
    EXPECT_NE(find_table_type("texthash"), nullptr);
    EXPECT_EQ(find_table_type("nisplus"), nullptr);
}

}  // namespace
}  // namespace ekiden::config
