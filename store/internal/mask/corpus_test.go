package mask

import (
	"strings"
	"testing"
)

// secretPaths are requests with something that must not be recorded, which stands between « and ». They
// are grouped by what gives the secret away.
var secretPaths = map[string][]string{
	"name of a parameter": {
		"/login?password=«hunter2»", "/oauth/callback?code=«4/0AX4XfWh»&state=xyz", "/?user%5Bpin%5D=«1234»", "/?newPassword=«hunter2»",
		"/api?api_key=«abc»", "/a;jsessionid=«1A2B»?x=1", "/?csrf_token=«a»", "/?token=«a%26b»", "/?%70assword=«hunter2»", "/?pass_word=«hunter2»",
		"/?authcode=«481234»", "/?userpass=«hunter2»", "/?dbpass=«hunter2»", "/?smsCode=«481234»", "/?smscode=«481234»", "/?verificationcode=«481234»",
		"/?licensekey=«ABCD-1234»", "/?loginpin=«4821»", "/?rootpw=«hunter2»", "/?authkey=«abc123»", "/?otpcode=«481234»", "/?PASSWD=«hunter2»",
		"/?reset=«XKQ9ZT»", "/?invite=«XKQ9ZT»", "/?invitation=«a8Kd9s»", "/?verify=«482913»", "/?activate=«a1b2c3»", "/?unsubscribe=«ada@shop.example»",
		"/?recovery=«8821-4471»", "/?magic=«q8zt3v»", "/?confirm=«9fK2pz»", "/?optout=«f81d4a»", "/?answer[reset]=«XKQ9ZT»",
		"/?X-Api-Key=«abc»", "/?x_csrf=«abc»", "/?mnemonic=«apple+banana»", "/?session=«12AB»", "/?client_assertion=«abc»", "/?cvc2=«123»",
	},
	"numbered and bracketed names": {
		"/?otp1=«4»8", "/?otp[0]=«482913»", "/?otp%5B1%5D=«482913»", "/?pin[value]=«1234»", "/?pin[]=«1234»", "/?pin.value=«1234»", "/?user.password=«hunter2»",
		"/?user[credentials][pin]=«1234»", "/?code[0]=«4821»", "/?otp_digit_1=«4829»", "/?otp-2=«482913»", "/?pin_confirm=«1234»", "/?pinConfirmation=«1234»",
		"/?newPin=«1234»", "/?new_pin_again=«1234»", "/?userPIN=«1234»", "/?APIKey=«abc»", "/?form.auth.code.value=«481234»", "/?pw2=«hunter2»", "/?passRepeat=«hunter2»",
		"/?cards[0][cvv]=«123»", "/?items[password][0]=«hunter2»", "/?pinNumber=«1234»", "/?mfa[0][input]=«482913»",
	},
	"other languages": {
		"/?passwort=«hunter2»", "/?neues_passwort=«hunter2»", "/?kennwort=«hunter2»", "/?contraseña=«hunter2»", "/?contrase%C3%B1a=«hunter2»", "/?contrasena=«hunter2»",
		"/?CONTRASE%C3%91A=«hunter2»", "/?contrasen%CC%83a=«hunter2»", "/?clave=«hunter2»", "/?nueva_clave=«hunter2»", "/?mot_de_passe=«hunter2»", "/?motDePasse=«hunter2»", "/?mdp=«hunter2»",
		"/?senha=«hunter2»", "/?senhaAtual=«hunter2»", "/?palavra-passe=«hunter2»", "/?wachtwoord=«hunter2»", "/?hasło=«hunter2»", "/?haslo=«hunter2»", "/?parola=«hunter2»",
		"/?lösenord=«hunter2»", "/?passord=«hunter2»", "/?adgangskode=«hunter2»", "/?salasana=«hunter2»", "/?jelszó=«hunter2»", "/?heslo=«hunter2»", "/?lozinka=«hunter2»",
		"/?пароль=«hunter2»", "/?ПАРОЛЬ=«hunter2»", "/?новый_пароль=«hunter2»", "/?%D0%9F%D0%B0%D1%80%D0%BE%D0%BB%D1%8C=«hunter2»", "/?şifre=«hunter2»", "/?sifre=«hunter2»",
		"/?密码=«hunter2»", "/?新密码=«hunter2»", "/?%E5%AF%86%E7%A0%81=«hunter2»", "/?验证码=«481234»", "/?mima=«hunter2»", "/?パスワード=«hunter2»", "/?暗証番号=«1234»", "/?비밀번호=«hunter2»",
		"/?κωδικός=«hunter2»", "/?סיסמה=«hunter2»", "/?كلمة_المرور=«hunter2»", "/?mat_khau=«hunter2»", "/?mật_khẩu=«hunter2»", "/?kata_sandi=«hunter2»", "/?tan=«482913»",
		"/?q=密码：«hunter2»", `/?data={"пароль":"«hunter2»"}`, "/einladung/«XKQ9ZT»", "/zurücksetzen/«XKQ9ZT»", "/passwort/«XKQ9ZT»", "/reinitialiser/«XKQ9ZT»",
	},
	"signed addresses": {
		"/api?X-Amz-Signature=«ab12»&X-Amz-Expires=300", "/f?X-Amz-Credential=«AKIA/x»&X-Amz-Date=20261123T101500Z", "/f?X-Goog-Signature=«ab12»", "/f?sv=2022-11-02&sig=«a%2Bb»",
		"/f?Expires=1795600000&Signature=«ab~12»&Key-Pair-Id=K2", "/f?AWSAccessKeyId=«AKIX»", "/?next=https%3A%2F%2Fs3.example%2Ff%3FX-Amz-Signature%3D«ab12»",
		"/?hdnea=exp=1795600000~acl=/*~hmac=«ab12»", "/?url=https://x.blob.example/f%3Fsv%3D1%26sig%3D«ab12»",
		"/?next=/cb%23access_token=«abc»%26state=x", "/?url=https://app.example/cb%23id_token%3D«abc»", "/cb#access_token=«abc»&token_type=bearer",
	},
	"inside a value": {
		`/?data={"user":"ada","password":"«hunter2»"}`, "/?data=%7B%22pin%22%3A%22«4821»%22%7D", `/?q={'token':+'«abc»'}`, "/?data=%257B%2522secret%2522%253A1«23»%257D",
		"/?q=password:«hunter2»", "/?q=password%3D«hunter2»", "/?filter=apikey:«abc»,page:2", "/?next=/reset%3Ftoken%3D«abc»", "/?next=%2Fconfirm%2F«h4k2j9»",
		`/?{"password":"«a=b»"}`, "/search/password:«hunter2»", "/?q=my+password:+«hunter2»+does+not+work",
		"/?next=https%3A%2F%2Fshop.example%2Fpassword%2Freset%2F«k3j4h5»", "/?next=%252525252Freset%252525253Ftoken%252525253D«abc»", "/?x=%25252525252525252574oken%25252525253D«abc»",
		`/?data={"user":{"otp":["«4»","8"]}}`, `/?data={"password":{"value":"«hunter2»"}}`, `/?data={"a":"{\"password\":\"«hunter2»\"}"}`, `/?data={"\u0070assword":"«hunter2»"}`,
		`/?data={"pass\u0077ord":"«hunter2»"}`, `/?data={"pin":["«1234»"]}`, `/?data={"otp1":«4»,"otp2":8}`, `/?data={"user.password":"«hunter2»"}`, `/?data={"password":",«hunter2»"}`,
		"/?xml=<login><password>«hunter2»</password></login>", "/?xml=%3Cpin%3E«1234»%3C/pin%3E", `/?html=<input name="password" value="«hunter2»">`,
		"/?q=passwort%3A+«hunter2»", "/?yaml=user:+ada%0Apassword:+«hunter2»", "/?q=PASSWORD+=+«hunter2»", "/?q=pass:«hunter2»", "/x%3Ftoken=«abc»", "/x%3Btoken%3D«abc»",
		"/?next=/welcome%3Finvite%3D«XKQ9ZT»", "/?next=/reset%3Bv=1/«XKQ9ZT»", `/?data={"invite":"«XKQ9ZT»"}`, "/?_g=(user:ada,password:«hunter2»)", "/?next=/pin/«4821»",
	},
	"arrays of names and values": {
		`/?data=[{"name":"password","value":"«x»"}]`, `/?data=[{"value":"«x»","name":"password"}]`, `/?data=[{"key":"password","val":"«x»"}]`, `/?data=[{"id":"password","content":"«x»"}]`,
		`/?data=[{"k":"pin","v":«1234»}]`, `/?data=[{"field":"otp","text":"«482913»"}]`, `/?data=[["password","«hunter2»"]]`, `/?data=[["user","ada"],["pin","«1234»"]]`,
		"/?name=password&value=«hunter2»", "/?value=«hunter2»&name=password", "/?fields[0][name]=color&fields[1][name]=pin&fields[1][value]=«1234»", "/?f.0.key=pwd&f.0.val=«hunter2»",
		`/?data=%5B%7B%22name%22%3A%22password%22%2C%22value%22%3A%22«x»%22%7D%5D`, `/?data=[{"label":"Passwort","content":"«x»"}]`,
	},
	"GraphQL": {
		`/graphql?query={me(code:"«481234»"){name}}`, `/graphql?query=mutation{login(user:"ada",password:"«hunter2»"){id}}`, `/graphql?query={verify(otp:«481234»)}`,
		`/graphql?query=query($c:String!){me(code:$c){id}}&variables={"code":"«481234»"}`, "/graphql?query=%7Bme(code:%22«481234»%22)%7Bname%7D%7D", `/graphql?query={me(key:"«abc»")}`,
		`/graphql?variables={"input":{"pin":"«4821»"}}`, "/?q=code:«481234»",
	},
	"password in an address": {
		"/?url=https://bob:«hunter2»@host.example/x", "/?dsn=postgres%3A%2F%2Fbob%3A«hunter2»%40db%2Fshop", "/proxy/https://bob:«hunter2»@host.example/x",
		"/proxy/https%3A%2F%2Fbob%3A«hunter2»%40host.example", "/?url=//bob:«pw»@host", "/?next=https://ada:«hunter%232»@h/", "/?next=https%3A%2F%2Fada%3A«hunter%25232»%40h%2F",
		"/?next=https://ada:«hunter%2F2»@h/", "/?next=https://ada:«12%2F34»@h/", "/?next=https://ada:«1234%23x»@h/", "/?next=https://ada:«p%40w»@h/", "/?next=https://ada%3A«hunter2»%40h/",
		"/proxy/https:/ada:«pw»@h", "/proxy/https:/user:«pw»@h/x", "/proxy/https:%2F%2Fada:«pw»@h", "/proxy//ada:«hunter2»@h/x", "/?u=https:/ada:«hunter2»@h", "/?u=https:ada:«hunter2»@h",
		"/?u=ftp://ada:«hunter2»@h:21", "/?u=redis://:«hunter2»@h:6379/0", "/?u=amqp://guest:«guest»@h", "/?u=mongodb%2Bsrv://ada:«hunter2»@c.example/db", "/?u=mongodb://ada:«hunter2»@h1,h2/db",
		"/?dsn=root:«pw»@tcp(db)", "/?dsn=root:«pw»@tcp(db:3306)/shop", "/?dsn=ada:«pw»@/db", "/?dsn=ada:«pw»@unix(/tmp/x)/db", "/?proxy=ada:«hunter2»@proxy.example:8080", "/?u=https:%5C%5Cada:«pw»@h",
		"/?dsn=host=db+user=ada+password=«hunter2»", "/?dsn=host%3Ddb%20password%3D«hunter2»", "/?dsn=Server=db;Uid=sa;Pwd=«hunter2»", "/?dsn=Server%3Ddb%3BPwd%3D«hunter2»",
		"/?dsn=Endpoint=sb://x/;SharedAccessKey=«abc»", "/?dsn=jdbc:mysql://h/db%3Fuser%3Da%26password%3D«hunter2»", "//ada:«hunter2»@h/x", "/?u=DOMAIN%5Cada:«hunter2»@h", "/?u=https://D%2Fada:«hunter2»@h",
	},
	"values of headers": {
		"/?auth_header=Bearer%20«abc123»", "/?h=Bearer+«a1b2c3»", "/?h=Basic%20«Ym9iOmh1bnRlcjI=»", "/?q=curl+-H+'Authorization:+bearer+«x7Gt29»'", `/?h=[["Authorization","Bearer+«x7Gt29»"]]`,
		"/?q=curl+-H+'X-Api-Key:+«abc»'", "/?h=Cookie:+sid%3D«12AB»",
	},
	"keys of services": {
		"/?k=«AKIAIOSFODNN7EXAMPLE»", "/?k=«ASIAY34FZKBOKMUTVV7A»", "/debug/«sk_live_4eC39HqLyjWD»", "/?k=«sk_test_51H8xYz»", "/?k=«pk_live_51H8xYz»",
		"/?q=«sk-proj-Ab3dEf6hIj9kLm2n»", "/?q=«sk-abcDEF123ghiJKL456»", "/repos/«ghp_16C7e42F292c6912E7»/x", "/?t=«gho_16C7e42F29»", "/?t=«ghs_16C7e42F29»",
		"/?t=«github_pat_11ABCDEFG0»", "/?t=«glpat-x8s9K2jd»", "/?t=«xoxb-17653672481-19874698323»", "/?t=«xoxp-2048-a1b2c3»", "/?t=«npm_a1B2c3D4e5F6g7H8i9»",
		"/?t=«AIzaSyDaGmWKa4JsXZ-HjGw7ISLn_3namBGewQe»", "/?t=«SG.ngeVfQFYQlKU0ufo8x5d1A.TwL2iGABf9DHoTf»", "/?t=«ya29.a0AfH6SMBx-9Kd7s»", "/?x=the+key+is+«ghp_16C7e42F29»",
		"/?cert=«-----BEGIN+RSA+PRIVATE+KEY-----»", "/?cert=«-----BEGIN%20PRIVATE%20KEY-----%0AMIIE»", "/?t=«eyJhbGciOiJIUzI1NiJ9»", "/x/«eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln»",
		"/?t=«shpat_a1b2c3d4e5f6»", "/?t=«hvs.CAESIJ9kd7sPqR2»", "/?t=«dckr_pat_a1B2c3D4»",
	},
	"announced by a segment": {
		"/reset/«hunter2»", "/password/reset/«xK9mQ2»", "/reset-password/«a1b2c3d4»", "/otp/«482913»", "/verify/«482913»/done", "/verify-email/«kfjwqzxv»", "/token/«hunter2»",
		"/confirm/«XKQPZT»", "/account/confirmEmail/«9fK2»", "/activate/«MjA:1hK3:xyz»", "/invite/«WELCOME»", "/magic-link/«q8zt3»", "/magic/«qzxvkj»", "/unsubscribe/«ada@shop.example»",
		"/unsubscribe/«f81d4»?x=1", "/reset/«3f2b8c1e-7d4a-4b6f-9a1c-2e5d8f7a6b3c»", "/accounts/reset/MQ/«c5k2u7-8f7a0c3d5e6f708192a3b4c5d6e7f809»/", "/recover//«a1b2c3»",
		"/reset%2F«hunter2»", "/invitations/«7Yh2k»/accept", "/two-factor/recovery/«8821-4471»", "/reset;v=1/«XKQ9ZT»", "/reset;v=1;w=2/«XKQ9ZT»", "/reset/;v=1/«XKQ9ZT»", "/reset;«XKQ9ZT»",
		"/reset%3Bv=1/«XKQ9ZT»", "/reset/«YWJjMTIz==»", "/pin/«4821»", "/2fa/«482913»", "/api-key/«a8Kd9s2»", "/code/«a8Kd9s»", "/session/«12AB»", "/auth-code/«481234»", "/smscode/«481234»", "/cvv/«1234»",
		"/reset/mail/«a1b2c3»", "/verify/email/«a1b2c3»", "/verify/phone/«482913»", "/reset/7/«hunter2»", "/reset/12345/«a8k2d9»", "/tokens/«a8Kd9s»", "/password/«hunter2»", "/apikey/«abc123»",
		"/users/7/verify/«482913»", "/auth/magic-link/verify/«q8zt3»", "/invite;lang=de/«XKQ9ZT»", "/recover/id=«a1b2c3»",
	},
	"random": {
		"/s/«q8Zt3VfKx1Lm9YpR2sWd7H»", "/download/«9f86d081884c7d659a2feaa0c55ad015»", "/?cart=«vKZ3MYQ5T2RWJX7PLHND4SBF6C»", "/?x=«k3j4h5g6f7d8s9a0q1w2e3r4»",
		"/share/summer-«q8Zt3VfKx1Lm9YpR2sWd7H»-photos", "/?x=«3q2+7w/A9ZkTn5yL1vXbRg==»", "/?«q8Zt3VfKx1Lm9YpR2sWd7H»==", "/files/«9f86d081884c7d659a2feaa0c55ad015».pdf",
		"/?x=«kjhwqzpxvbnmtrgfcdswlkjq»", "/uploads/«q8Zt3VfKx1Lm9YpR2sWd7H»_1795600000.txt", "/reset/«9f86d081884c7d659a2feaa0c55ad015»_1795600000.txt", "/?x=«9f86d081884c7d659a2feaa0»c55",
		"/commit/«q8Zt3VfKx1Lm9YpR2sWd7H»", "/?commit=«9f86d081884c7d659a2feaa0c55ad015a2b3»",
	},
	"numbers of cards": {
		"/card/«4111111111111111»", "/?q=«4111111111111111»", "/?n=«4111-1111-1111-1111»", "/?n=«4111+1111+1111+1111»", "/?n=«4111%201111%201111%201111»", "/?n=«5500005555555559»", "/?n=«378282246310005»",
		"/?n=«3782+822463+10005»", "/?n=«6011111111111117»", "/?n=«30569309025904»", "/?n=«3530111333300000»", "/?n=«2223003122003222»", "/?n=«6200000000000005»", `/?data={"n":«4111111111111111»}`, "/?q=card+«4111111111111111»+declined",
		"/pay/«4242424242424242»/confirm", "/?n=7,«4000056655665556»", "/?n=«6304000000000000»",
	},
}

// missedPaths are known to be recorded as they are: a secret that reads like a word or is too short
// to be told from a number or a name, without a name that says so.
var missedPaths = []string{
	"/reset/«correcthorse»", "/otp/«123»", "/?q=«hunter2»", "/gift/«XKQPZT»", "/s/«a8Kd9s»", "/?x=Bearer+«opensesame»",
	"/?x=«correct-horse-battery-staple»", "/?x=%25252525252525252525«hunter2»", "/?q=my+password+is+«hunter2»", "/code/«481234»", "/?reset=«correcthorse»",
	"/?n=«4222222222222»", "/?next=/reset;v=1/«XKQ9ZT»", "/?order_id=«507f1f77bcf86cd799439011»",
}

// harmlessPaths must be recorded as they are.
var harmlessPaths = map[string][]string{
	"ids": {
		"/", "/orders/7", "/orders/1234567/items/89", "/orders/3f2b8c1e-7d4a-4b6f-9a1c-2e5d8f7a6b3c", "/users/user-3f2b8c1e-7d4a-4b6f-9a1c-2e5d8f7a6b3c/edit",
		"/?id=3F2B8C1E-7D4A-4B6F-9A1C-2E5D8F7A6B3C&page=2", "/12345678901234567890123456", "/orders/507f1f77bcf86cd799439011", "/?order_id=507f1f77bcf86cd799439011", "/?userId=507f191e810c19729de860ea",
		"/orders/01ARZ3NDEKTSV4RRFFQ69G5FAV", "/?id=01arz3ndektsv4rrffq69g5fav", "/sessions/42", "/tickets/123456", "/keys/7/edit", "/codes/1234567", "/ticket/554433", "/cards/123456/edit", "/tokens/12345",
		"/invitations/123456", "/sessions/3f2b8c1e-7d4a-4b6f-9a1c-2e5d8f7a6b3c/notes", "/confirm/order/1234567", "/verify/orders/1234567", "/orders/1234567/confirm", "/order-confirmation/123",
		"/?ids=1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16", "/tracking/1Z999AA10123456784", "/?sku=SKU-A12-B34-C56", "/embed/dQw4w9WgXcQ", "/board/abc-d4-e5-f6/rev-2", "/?ticket_id=5544&key_id=7&session_date=",
	},
	"order numbers": {
		"/?order=4111111111111112", "/orders/4000001234567890", "/orders/1795600000123456", "/?order_id=2026112300001234", "/?n=1234567812345678", "/?ean=4006381333931", "/?isbn=9783161484100", "/?ts=1795600000123",
		"/?n=12345678901234567890", "/?id=1184766374839287808", "/?iban_country=DE&isbn=978-3-16-148410-0", "/?tel=%2B4917012345678", "/?bbox=52.5200066,13.4049540,52.6,13.5", "/?from=20261123101500&to=20261124101500",
		"/invoices/4111-1111-1111-1112", "/?konto=5500-0055-5555-5550",
	},
	"words behind an announcing segment": {
		"/reset/password", "/verify/email", "/token/refresh", "/oauth/token", "/password/forgot", "/password/new", "/confirm/order", "/invite/team-members",
		"/reset/done", "/activate/account", "/verify/phone-number", "/verify/phoneNumber", "/api/v2/tokens/refresh", "/invitations/pending", "/confirmation/thank-you",
		"/unsubscribe/newsletter", "/magic/the-gathering", "/auth/otp/send", "/recovery/codes", "/invite/friends/facebook", "/verify/2fa", "/token/v1",
		"/password/zurücksetzen", "/verify/%C3%A9tudiant", "/reset/", "/session/new", "/auth/login", "/code/editor", "/key/features", "/pass/season", "/blog/how-to-reset-your-password/2026",
		"/blog/how-to-reset-your-iphone-15/2026-11-23", "/sessions/2026-11-23-keynote", "/codes/de-2026", "/cookies/policy-2026", "/reset;v=1/password", "/verify/email/sent", "/password/reset/done",
		"/auth/v2/users", "/ticket/new?page=2",
	},
	"parameters": {
		"/?sort=key:asc", "/?q=code:404", "/?zip_code=10115&sort-key=name&promoCode=SUMMER&monkey=1&keyword=x", "/?token=", "/?token", "/?reset=1&confirm=yes&verify=email", "/?reset=true", "/?invite=friends",
		"/?confirm=ok&activate=now", "/?compass=north&bypass=1&passenger=ada&passage=2", "/?zipcode=10115&postcode=AB1&barcode=4006381333931&qrcode=x1y2z3&countrycode=de&errorcode=404123", "/?decode=abc123&unicode=u1234&geocode=52.5",
		"/?turkey=1&hockey=a1b2c3&donkey=2&hotkey=ctrl1&keyboard=us1&keynote=2026", "/?spin=12345&shipping=dhl123&opinion=a1b2&pinned=12345&pint=2", "/?email_confirm=ada@shop.example", "/?confirm_email=ada@shop.example",
		"/?authors=ada1815&authority=a1815", "/?step=confirm&tab=reset", "/?ski_pass=2026-week-4&boarding_pass=A12345", "/?tracking_code=1Z999AA1&tax_code=DE123456&public_key=x1y2z3", "/?name=color&value=red1234",
		"/?name=ada&value=x1y2z3", "/?tanks=12345&titan=12345", "/?passive=a1&password_hint=", "/?enclave=a1234&conclave=b1234", "/?utm_source=newsletter&utm_campaign=black-friday-2026-early-access",
		"/?sort=session:desc", "/?session_expired=", "/?parameter=a1&header=b2",
	},
	"static files": {
		"/static/app.3f9e8c21a7b64d5f9e0c1b2a3d4e5f60.js", "/assets/application-9f86d081884c7d659a2feaa0c55ad0159f86d081884c7d659a2feaa0c55ad015.css",
		"/assets/index-BfK3xQ2z.js", "/_next/static/chunks/4bd1b696-9909f507f95988b8.js", "/img/logo.9f86d081884c7d659a2feaa0c55ad015.svg", "/fonts/inter-latin-wght-normal.woff2",
		"/static/js/2.8e2c4f5b.chunk.js.map", "/media/1024x768-2x-300x250.webp",
	},
	"hashes": {
		"/uploads/9f86d081884c7d659a2feaa0c55ad015_20261123101500.txt", "/uploads/9f86d081884c7d659a2feaa0c55ad015_1795600000.txt", "/files/e10adc3949ba59abbe56e057f20f883e_20261123101500.pdf", "/uploads/file/e10adc3949ba59abbe56e057f20f883e.pdf",
		"/uploads/2026/11/9f86d081884c7d659a2feaa0c55ad015.docx", "/media/da39a3ee5e6b4b0d3255bfef95601890afd80709-1024.mp4", "/docs/terms-9f86d081884c7d659a2feaa0c55ad015.pdf", "/avatars/9f86d081884c7d659a2feaa0c55ad015?s=80",
		"/ada/shop/commit/da39a3ee5e6b4b0d3255bfef95601890afd80709", "/ada/shop/blob/da39a3ee5e6b4b0d3255bfef95601890afd80709/main.go", "/?sha=da39a3ee5e6b4b0d3255bfef95601890afd80709", "/?commit=da39a3ee5e6b4b0d3255bfef95601890afd80709",
		"/?md5=9f86d081884c7d659a2feaa0c55ad015", "/?checksum=9f86d081884c7d659a2feaa0c55ad0159f86d081884c7d659a2feaa0c55ad015", "/backup/shop_9f86d081884c7d659a2feaa0c55ad015_v2.tar.gz",
		"/thumbnails/9f86d081884c7d659a2feaa0c55ad015_300x200",
	},
	"slugs and names": {
		"/blog/2026/11/23/how-we-made-our-checkout-20-percent-faster", "/wiki/Donaudampfschifffahrtsgesellschaftskapitaen", "/p/iphone-15-pro-max-256gb-natural-titanium",
		"/produkt/herren-winterjacke-wasserdicht-mit-kapuze", "/articles/le-gouvernement-annonce-de-nouvelles-mesures", "/api/getUserNotificationPreferences", "/docs/XMLHttpRequestEventTarget",
		"/?sort=lastSuccessfulPaymentDate&dir=desc", "/?q=a+very+long+search+for+waterproof+hiking+boots",
		"/wiki/Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch", "/produkty/samochody-osobowe-uzywane-warszawa", "/shop/usb-c-to-hdmi-adapter-4k-60hz-thunderbolt-3",
		"/?q=sk-learn+tutorial", "/npm_install_instructions_for_beginners", "/locale/sk-bratislava-hotels-and-apartments", "/region/ASIA-PACIFIC-conference",
		"/?q=bearer+of+bad+news", "/?q=basic+english+course", "/events/2026-11-23-1830-berlin-golang-meetup", "/?v=1.27.4-rc.1+build.20261123", "/chess/e2e4-e7e5-g1f3",
		"/?colors=ff00aa,00ff00,aabbcc,112233", "/?fields=id,name,createdAt,updatedAt,lastLoginAt,emailVerifiedAt", "/search?q=%F0%9F%99%82", "/token-of-love/2026", "/wiki/%E5%AF%86%E7%A0%81%E5%AD%A6", "/%D0%BA%D0%B0%D1%82%D0%B0%D0%BB%D0%BE%D0%B3/12345",
	},
	"addresses": {
		"/?email=ada@shop.example", "/@ada/posts", "/?url=https://shop.example/orders/7?page=2", "/?git=ssh://git@github.com/ada/shop", "/?to=mailto:ada@shop.example", "/?redirect=/orders/7?page=2",
		"/?url=https://shop.example:8080/@ada", "/?url=https://shop.example:8080/x%3Fmail%3Dada@shop.example", "/?resource=acct:ada@shop.example", "/?q=from:ada@shop.example", "/?filter=email:ada@shop.example", "/?git=git@github.com:ada/shop.git",
		"/npm/lodash@4.17.21/lodash.min.js", "/?q=meet+12:30@office", "/?u=https://ada@shop.example/x", "/?image=registry.example:5000/shop@latest", "/images/nginx:1.27@sha256:9f86d0", `/?data={"email":"ada@shop.example"}`, "/?q=mail:+ada@shop.example", "/?url=http://localhost:8080/orders",
		"/?at=2026-11-23T10:15:00Z", "/?next=/orders/7%23items", "/?u=https://user@h:22/x", "/proxy/https://shop.example/orders/7", "/proxy/https:/shop.example/orders/7",
	},
	"expressions": {
		`/?filter={"status":"open","page":2}`, "/?q=50%25+off", "/?x=%zz", "/?cart=1&qty=2;x", `/?data=[{"name":"color","value":"red"}]`, `/?fields=["name","token_type_x"]`, `/?data=[["a","b"],["c","d"]]`,
		"/graphql?query={me{name,orders(first:10){id}}}", "/?xml=<a><b>1</b></a>", `/?data={"reset":true,"confirm":"yes"}`, `/?data={"password":"","x":1}`, "/?next=/a%3Ftoken%3D%26x=1", `/?columns=[{"name":"password"},{"name":"email"}]`,
		"/?q=ratio+16:9", "/?range=bytes=0-1023", "/?expr=a==b", "/?x=a:b:c:d", `/?path=C:\temp\new`,
	},
}

// TestMaskOnRealisticPaths tells what share of secrets is missed and of harmless paths is masked.
func TestMaskOnRealisticPaths(t *testing.T) {
	m := New(nil, nil)
	missed := func(marked string) bool {
		before, rest, _ := strings.Cut(marked, "«")
		secret, after, found := strings.Cut(rest, "»")
		if !found {
			t.Fatalf("%s has no secret in it", marked)
		}
		got := m.Path(before + secret + after)
		if strings.Contains(got, secret) {
			return true
		}
		if again := m.Path(got); again != got {
			t.Errorf("masking %s again makes it %s", got, again)
		}
		return false
	}
	misses, secrets := 0, 0
	for group, paths := range secretPaths {
		for _, marked := range paths {
			secrets++
			if missed(marked) {
				misses++
				t.Errorf("missed, %s: %s", group, marked)
			}
		}
	}
	for _, marked := range missedPaths {
		if !missed(marked) {
			t.Errorf("no longer missed: %s", marked)
		}
	}
	wrong, harmless := 0, 0
	for group, paths := range harmlessPaths {
		for _, path := range paths {
			harmless++
			if got := m.Path(path); got != path {
				wrong++
				t.Errorf("masked, %s: %s became %s", group, path, got)
			}
		}
	}
	t.Logf("missed %d of %d secrets, besides %d that are known to be; masked %d of %d harmless paths",
		misses, secrets, len(missedPaths), wrong, harmless)
}

// BenchmarkMask masks what sites are mostly asked for.
func BenchmarkMask(b *testing.B) {
	for _, c := range []struct{ name, path string }{
		{"id", "/orders/12345"},
		{"page", "/products/hiking-boots?page=2&sort=price"},
		{"slug", "/blog/2026/11/23/how-we-made-our-checkout-20-percent-faster"},
		{"uuid", "/orders/3f2b8c1e-7d4a-4b6f-9a1c-2e5d8f7a6b3c/items?page=2"},
		{"asset", "/assets/index-BfK3xQ2z.js"},
		{"search", "/search?q=a+very+long+search+for+waterproof%20hiking+boots&utm_source=newsletter"},
		{"token", "/reset?token=q8Zt3VfKx1Lm9YpR2sWd7H"},
	} {
		b.Run(c.name, func(b *testing.B) {
			m := New(nil, nil)
			b.ReportAllocs()
			for b.Loop() {
				m.Path(c.path)
			}
		})
	}
}
