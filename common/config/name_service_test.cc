#include "common/config/name_service.h"

#include <gtest/gtest.h>

namespace ekiden::config {
namespace {

TEST(NameService, UsersFromServers) {
    for (std::string_view text : {"passwd: files sss\n", "# x\n passwd :\tldap files",
                                  "passwd: files [NOTFOUND=continue] winbind # x\n",
                                  "group: files\npasswd: nis\n", "passwd: files [SUCCESS = merge] sss"})
        EXPECT_TRUE(users_come_from_server(text)) << text;
    for (std::string_view text :
         {"", "passwd: files systemd\ngroup: sss\n", "passwd: compat [NOTFOUND=return sss] db",
          "#passwd: sss\n", "passwd: files # sss\n", "passwd_compat: nis\n", "passwd sss\n"})
        EXPECT_FALSE(users_come_from_server(text)) << text;
}

}  // namespace
}  // namespace ekiden::config
