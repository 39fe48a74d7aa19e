#include "common/config/tls_versions.h"

#include <gtest/gtest.h>

namespace ekiden::config {
namespace {

TEST(TlsVersions, WhatAListLeaves) {
    struct Case {
        List list;
        TlsVersions wanted;
    };
    for (const Case& c : std::vector<Case>{
             {{}, {"TLSv1.2", "TLSv1.3", false}},
             {{">=TLSv1.2"}, {"TLSv1.2", "TLSv1.3", false}},
             {{">=tlsv1.3"}, {"TLSv1.3", "TLSv1.3", false}},
             {{"TLSv1.3"}, {"TLSv1.3", "TLSv1.3", false}},
             {{"<=TLSv1.2"}, {"TLSv1.2", "TLSv1.2", false}},
             {{"!TLSv1.3"}, {"TLSv1.2", "TLSv1.2", false}},
             {{"!SSLv2", "!SSLv3", "!TLSv1", "!TLSv1.1", "!TLSv1.2"}, {"TLSv1.3", "TLSv1.3", false}},
             {{"TLSv1.3:TLSv1.2"}, {"TLSv1.2", "TLSv1.3", false}},
             {{">=TLSv1"}, {"TLSv1.2", "TLSv1.3", true}},
             {{"TLSv1.1", "TLSv1.2"}, {"TLSv1.2", "TLSv1.2", true}},
         }) {
        Result<TlsVersions> got = tls_versions(c.list);
        ASSERT_TRUE(got) << testing::PrintToString(c.list);
        EXPECT_EQ(*got, c.wanted) << testing::PrintToString(c.list);
    }
}

TEST(TlsVersions, WhatCannotBeMeant) {
    for (const List& list : std::vector<List>{{"TLS1.3"}, {">=0304"}, {"!"}, {"!>=TLSv1.2"}, {"!!TLSv1.2"}})
        EXPECT_FALSE(tls_versions(list)) << testing::PrintToString(list);
    for (const List& list : std::vector<List>{{"TLSv1"}, {"<=TLSv1.1"}, {"!TLSv1.2", "!TLSv1.3"}, {"SSLv3"}})
        EXPECT_EQ(tls_versions(list).error().text, "leaves neither TLSv1.2 nor TLSv1.3")
            << testing::PrintToString(list);
}

}  // namespace
}  // namespace ekiden::config
