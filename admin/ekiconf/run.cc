#include "admin/ekiconf/run.h"

#include "admin/ekiconf/edit_main.h"
#include "admin/ekiconf/edit_master.h"
#include "admin/ekiconf/lists.h"
#include "admin/ekiconf/show_main.h"
#include "admin/ekiconf/show_master.h"
#include "admin/ekiconf/templates.h"

namespace ekiden::ekiconf {

Output run(const Options& options) {
    switch (options.mode) {
        case 'p': return options.edit ? edit_main(options) : show_main(options);
        case 'M':
        case 'F':
        case 'P': return options.edit ? edit_master(options) : show_master(options);
        case 'b':
        case 't': return show_templates(options);
        default: return show_list(options);
    }
}

Output run(const std::vector<std::string>& arguments, const char* mail_config) {
    Result<Options> options = parse_options(arguments, mail_config);
    if (options) return run(*options);
    Output output;
    if (options.error().kind == ErrorKind::malformed) {
        output.err = "ekiconf: " + options.error().text + "\n" + std::string(usage);
        output.status = 1;
    } else {
        output.fail(options.error().text);
    }
    return output;
}

}  // namespace ekiden::ekiconf
