// The script of the admin's pages. It is loaded before htmx, so nothing that htmx does is missed.
// Each part looks for its elements by itself, and does nothing on a page that lacks them.

import "./vendor/relative-time-element.js";
import { offerAlerts } from "./alerts.js";
import { offerCopies } from "./clipboard.js";
import { setClock } from "./clock.js";
import { watchConnection } from "./connection.js";
import { keepFocus } from "./focus.js";
import { listenForKeys } from "./keys.js";
import { keepNowTrue } from "./now.js";
import { offerPasskeys } from "./passkeys.js";
import { helpWithPasswords } from "./password_form.js";
import { nameUsers } from "./people.js";
import { countDownReason } from "./reason_countdown.js";
import { forgetNamesAtLogout } from "./recent_names.js";
import { keepRows } from "./rows.js";
import { suggestUsers } from "./search_field.js";
import { bringTickets } from "./socket_ticket.js";
import { endSupportWord } from "./support_word.js";
import { keepNotes } from "./team.js";
import { tellAges } from "./time_ago.js";

document.documentElement.classList.add("scripted"); // what pages say of themselves holds now: see messages.css
setClock(); // before all that tells a time
tellAges();
watchConnection();
bringTickets();
keepRows();
keepFocus();
offerAlerts(); // before the title is told
keepNowTrue();
offerCopies();
countDownReason();
endSupportWord();
forgetNamesAtLogout();
suggestUsers();
nameUsers();
keepNotes();
listenForKeys();
helpWithPasswords();
offerPasskeys();
