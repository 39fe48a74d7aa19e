#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "admin/ekimap/map.h"

namespace ekiden::ekimap {
namespace {

using testing::HasSubstr;

class EkimapTest : public testing::Test {
  protected:
    EkimapTest() {
        std::string pattern = testing::TempDir() + "/ekimap-XXXXXX";
        directory_ = ::mkdtemp(pattern.data());
        path_ = directory_ + "/t";
        std::ofstream(path_) << "Key one\nother two words\nkey three\n";
    }
    ~EkimapTest() override { std::filesystem::remove_all(directory_); }
    Output run(std::vector<std::string> arguments, std::string_view input = "") {
        return run_as(Tool::map, std::move(arguments), input);
    }
    Output run_as(Tool tool, std::vector<std::string> arguments, std::string_view input = "") {
        auto options = parse_options(tool, arguments, nullptr);
        EXPECT_TRUE(options) << options.error().text;
        return ekimap::run(*options, "hash", input);
    }
    std::string directory_, path_;
};

TEST_F(EkimapTest, BuildsAndAsks) {
    Output built = run({path_});
    EXPECT_EQ(built.err, "ekimap: warning: " + path_ + ", line 3: duplicate entry: \"key\"\n");
    EXPECT_EQ(built.status, 0);
    EXPECT_EQ(run({"-q", "KEY", "hash:" + path_}).out, "one\n");
    EXPECT_EQ(run({"-qkey", path_}).out, "one\n");
    EXPECT_EQ(run({"-s", path_}).out, "key\tone\nother\ttwo words\n");
    Output missing = run({"-q", "nothing", path_});
    EXPECT_EQ(missing.out + missing.err, "");
    EXPECT_EQ(missing.status, 1);
    EXPECT_EQ(run({"-q", "-", path_}, "other\nnone\nkey\n").out, "other\ttwo words\nkey\tone\n");
}

TEST_F(EkimapTest, DuplicatesAsWished) {
    EXPECT_EQ(run({"-r", path_}).err, "");
    EXPECT_EQ(run({"-q", "key", path_}).out, "three\n");
    EXPECT_EQ(run({"-w", path_}).err, "");
    EXPECT_EQ(run({"-q", "key", path_}).out, "one\n");
}

TEST_F(EkimapTest, ChangesInPlace) {
    run({path_});
    EXPECT_EQ(run({"-i", path_}, "new entry\n").status, 0);
    EXPECT_EQ(run({"-q", "new", path_}).out, "entry\n");
    EXPECT_EQ(run({"-d", "KEY", path_}).status, 0);
    EXPECT_EQ(run({"-d", "key", path_}).status, 1);
    EXPECT_EQ(run({"-s", path_}).out, "new\tentry\nother\ttwo words\n");
}

TEST_F(EkimapTest, ReadRightsOfTheSource) {
    ::chmod(path_.c_str(), 0644);
    run({path_});
    struct stat status{};
    ASSERT_EQ(::stat((path_ + ".db").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0644u);
    run({"-p", path_});
    ASSERT_EQ(::stat((path_ + ".db").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0644u) << "as postmap -p";
    ::chmod(path_.c_str(), 0640);
    run({path_});
    ASSERT_EQ(::stat((path_ + ".db").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0640u);
}

TEST_F(EkimapTest, OtherTypesAreAskedOnly) {
    std::ofstream(directory_ + "/c") << "10.0.0.0/8 in\n";
    EXPECT_EQ(run({"-q", "10.1.1.1", "cidr:" + directory_ + "/c"}).out, "in\n");
    EXPECT_EQ(run({"-q", "a", "inline:{ a=b }"}).out, "b\n");
    EXPECT_EQ(run({"cidr:" + directory_ + "/c"}).err,
              "ekimap: fatal: unsupported dictionary type: cidr does not support bulk-mode creation.\n");
    EXPECT_EQ(run({"ldap:x"}).err, "ekimap: fatal: unsupported dictionary type: ldap\n");
    EXPECT_THAT(run({directory_ + "/nowhere"}).err,
                HasSubstr("fatal: open " + directory_ + "/nowhere: No such file"));
}

TEST_F(EkimapTest, ListsAndAnswersAsJson) {
    std::ofstream(path_) << "a \"q\" \\\\\n";
    run({path_});
    EXPECT_EQ(run({"-js", path_}).out, "{\"a\": \"\\\"q\\\" \\\\\\\\\"}\n");
    EXPECT_EQ(run({"-j", "-q", "A", path_}).out, "{\"A\": \"\\\"q\\\" \\\\\\\\\"}\n");
}

TEST_F(EkimapTest, Cdb) {
    EXPECT_EQ(run({"cdb:" + path_}).status, 0);
    EXPECT_EQ(run({"-q", "other", "cdb:" + path_}).out, "two words\n");
    EXPECT_EQ(run({"-N", "cdb:" + path_}).status, 0);
    EXPECT_EQ(run({"-q", "other", "cdb:" + path_}).out, "two words\n");
    EXPECT_EQ(run({"-s", "cdb:" + path_}).status, 1);
    EXPECT_EQ(run({"-i", "cdb:" + path_}, "x y\n").status, 1);
}

TEST_F(EkimapTest, FilesAsValues) {
    std::ofstream(directory_ + "/content") << "line one\nline two\n";
    std::ofstream(path_) << "k " << directory_ << "/content\nm " << directory_ << "/none\n";
    EXPECT_THAT(run({"-F", path_}).err, HasSubstr("line 2: cannot open "));
    EXPECT_EQ(run({"-Fq", "k", path_}).out, "line one\nline two\n\n");
    EXPECT_EQ(run({"-q", "k", path_}).out, "bGluZSBvbmUKbGluZSB0d28K\n");
}

// Tables that are not built hold the names of files.
TEST_F(EkimapTest, FilesAsValuesOfOtherTypes) {
    const std::string content = directory_ + "/content";
    std::ofstream(content) << "line one\n";
    std::ofstream(path_) << "k " << content << "\nm " << directory_ << "/none\n";
    Output asked = run({"-Fq", "k", "texthash:" + path_});
    EXPECT_EQ(asked.out, "line one\n\n");
    EXPECT_THAT(asked.err, HasSubstr("line 2: cannot open "));
    EXPECT_EQ(run({"-Fq", "m", "texthash:" + path_}).status, 1);
    EXPECT_EQ(run({"-Fs", "texthash:" + path_}).out, "k\tline one\n\n");
    EXPECT_EQ(run({"-Fq", "k", "inline:{k=" + content + "}"}).out, "line one\n\n");
    EXPECT_EQ(run({"-Fq", "k", "static:" + content}).out, "line one\n\n");
    EXPECT_THAT(run({"-Fq", "k", "static:/nowhere"}).err, HasSubstr("fatal: cannot open /nowhere"));
    std::ofstream(path_) << "k plain value\nm bGluZSBvbmUK\n";
    run({path_});
    const std::string odd =
        "ekimap: warning: table hash:" + path_ + ": key k: malformed BASE64 value: plain value\n";
    Output listed = run({"-Fs", path_});
    EXPECT_EQ(listed.out, "m\tline one\n\n");
    EXPECT_EQ(listed.err, odd);
    EXPECT_EQ(listed.status, 0);
    asked = run({"-Fq", "k", path_});
    EXPECT_EQ(asked.err, odd + "ekimap: fatal: table hash:" + path_ + ": query error\n");
    EXPECT_EQ(asked.status, 1);
}

TEST_F(EkimapTest, LongKeysAreFoundOrAnError) {
    const std::string field = "X: " + std::string(5000, 'x');
    EXPECT_EQ(run({"-h", "-q", "-", "static:y"}, field + "\n\nb\n").out, field + "\ty\n");
    Output asked = run({"-q", std::string(200'000, 'x'), "static:y"});
    EXPECT_EQ(asked.status, 1);
    EXPECT_THAT(asked.err, HasSubstr("a key of 200000 octets is too long"));
}

TEST_F(EkimapTest, ATableHasAName) {
    for (std::string type : {"static", "environ", "fail", "hash"})
        EXPECT_EQ(
            run({"-q", "x", type + ":"}).err,
            "ekimap: fatal: open dictionary: expecting \"type:name\" form instead of \"" + type + ":\"\n");
}

TEST_F(EkimapTest, KeysFoldByUnicodesRules) {
    std::ofstream(path_) << "Ä 1\nstraße 2\n";
    for (std::string type : {"hash:", "btree:", "cdb:"}) {
        EXPECT_EQ(run({type + path_}).err, "");
        for (std::string key : {"Ä", "ä"}) EXPECT_EQ(run({"-q", key, type + path_}).out, "1\n") << type;
        for (std::string key : {"Straße", "STRASSE"})
            EXPECT_EQ(run({"-q", key, type + path_}).out, "2\n") << type;
    }
    run({path_});
    EXPECT_EQ(run({"-s", path_}).out, "strasse\t2\nä\t1\n");
    EXPECT_EQ(run({"-q", "Ä", "texthash:" + path_}).out, "1\n");
    EXPECT_EQ(run({"-q", "Ä", "inline:{ä=3}"}).out, "3\n");
    EXPECT_EQ(run({"-d", "STRASSE", path_}).status, 0);
    run({"-f", path_});
    EXPECT_EQ(run({"-fq", "ä", path_}).out, "");
    EXPECT_EQ(run({"-fq", "Ä", path_}).out, "1\n");
}

TEST_F(EkimapTest, Aliases) {
    auto alias = [&](std::vector<std::string> arguments, std::string_view input = "") {
        return run_as(Tool::alias, std::move(arguments), input);
    };
    std::ofstream(path_) << "# comment\nRoot: joe,\"|cmd  x\" ,\n\t/var/x (a  comment)\n\"two words\": \\me\n"
                            "x@y.test: z\nnothing here\nnone:\nroot: again\nbad: \"open\n : z\n";
    Output built = alias({path_});
    EXPECT_EQ(built.status, 0);
    EXPECT_EQ(built.err, "ekialias: warning: " + path_ + ", line 5: name must be local\n" +
                             "ekialias: warning: " + path_ + ", line 6: need name:value pair\n" +
                             "ekialias: warning: " + path_ + ", line 7: need name:value pair\n" +
                             "ekialias: warning: " + path_ + ", line 8: duplicate entry: \"root\"\n" +
                             "ekialias: warning: " + path_ +
                             ", line 9: a quote is not closed: \"\"open : z\"\n");
    EXPECT_EQ(alias({"-q", "ROOT", path_}).out, "joe, \"|cmd  x\", /var/x (a  comment)\n");
    EXPECT_EQ(alias({"-q", "two words", path_}).out, "\\me\n");
    EXPECT_EQ(alias({"-i", path_}, "new: a\n").err, "");
    EXPECT_EQ(alias({"-d", "bad", path_}).status, 0);
    EXPECT_EQ(alias({"-s", path_}).out,
              "new:\ta\nroot:\tjoe, \"|cmd  x\", /var/x (a  comment)\ntwo words:\t\\me\n");
}

TEST_F(EkimapTest, LinesOfAMessage) {
    std::string message =
        "Subject: s\nX: a\n b\nContent-Type: multipart/mixed;\n boundary=\"xx\"\n\ntext\n--xx\n"
        "Content-Type: message/rfc822\n\nSubject: inner\n\ninside\n--xx--\nend\n";
    auto keys = [&](const std::string& letters) {
        std::string out = run({letters, "-q", "-", "static:x"}, message).out;
        std::string all;
        for (std::size_t at = 0; (at = out.find("\tx\n")) != std::string::npos; out.erase(0, at + 3))
            all += out.substr(0, at) + "|";
        return all;
    };
    EXPECT_EQ(keys("-h"), "Subject: s|X: a\n b|Content-Type: multipart/mixed;\n boundary=\"xx\"|");
    EXPECT_EQ(keys("-hm"),
              "Subject: s|X: a\n b|Content-Type: multipart/mixed;\n boundary=\"xx\"|"
              "Content-Type: message/rfc822|Subject: inner|");
    EXPECT_EQ(keys("-bm"),
              "|text|--xx||"
              "|inside|--xx--|end|");
    EXPECT_EQ(keys("-b"), "|text|--xx|Content-Type: message/rfc822||Subject: inner||inside|--xx--|end|");
}

TEST(EkimapOptions, BadUse) {
    for (std::vector<std::string> bad : std::vector<std::vector<std::string>>{{},
                                                                              {"-q"},
                                                                              {"-q", "x"},
                                                                              {"-Z", "t"},
                                                                              {"-c"},
                                                                              {"-h", "t"},
                                                                              {"-b", "-q", "x", "t"},
                                                                              {"-s", "-q", "x", "t"}})
        EXPECT_FALSE(parse_options(Tool::map, bad, nullptr));
    EXPECT_FALSE(parse_options(Tool::alias, {"-h", "-q", "-", "t"}, nullptr));
    auto options = parse_options(Tool::map, {"-c", "/x", "-vvqkey", "--", "-t"}, "/y");
    ASSERT_TRUE(options);
    EXPECT_EQ(options->config_directory, "/x");
    EXPECT_EQ(options->verbose, 2);
    EXPECT_EQ(options->key, "key");
    EXPECT_EQ(options->tables, std::vector<std::string>{"-t"});
}

}  // namespace
}  // namespace ekiden::ekimap
