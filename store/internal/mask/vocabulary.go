package mask

// senses is what a word can mean in the name of a value.
type senses uint16

const (
	secretWord     senses = 1 << iota
	commonWord            // of secrets and of harmless things; see modest
	announcingWord        // of what is sent by mail or message, and works once
	neutral               // says nothing of the name that it ends: pin_value, newPin
	modest                // before a common word, makes it harmless: zip_code
	compoundEnd           // a common word that is often written together with a holder
	holder                // and that holder: authcode
	nameMember            // the member whose value is the name in {"name":"password","value":"x"}
	valueMember           // and that of the value
	channel               // stands between an announcement and its secret: /verify/email/<code>
	addressed             // stands before the address of a person or thing: mailto:ada@shop.example
	idWord                // of the number of something
	digestHolder          // of a folder or parameter whose values are called by their digests
)

// words are the words that have a sense. They are compared in lower case and without accents that are
// characters of their own.
var words = newAutomaton(map[senses]string{
	secretWord: `pw psw pswd otp totp hotp pin mpin tan mtan mfa 2fa tfa cvv cvc csc cvn ssn pwd mdp
		senha clave parola haslo hasło heslo geslo sifre şifre mima parol sandi jelszo jelszó kodeord geheim geheimzahl
		κωδικος κωδικός κωδικοσ κωδικόσ`,
	commonWord: `key code sig auth pass sid sess hmac nonce bearer cookie cookies ticket passe assertion`,
	announcingWord: `reset recover recovery unlock magic magiclink passwordless verify verification confirm confirmation activate
		activation invite invites invitation invitations unsubscribe optout
		einladung zurücksetzen zuruecksetzen bestätigen bestaetigen bestätigung bestaetigung freischalten aktivieren abbestellen
		reinitialiser réinitialiser confirmer activer desabonner désabonner restablecer recuperar confirmar verificar activar invitacion
		invitación convite redefinir ativar uitnodiging bevestigen convalida conferma ripristina attiva zaproszenie aktywacja`,
	neutral: `value val digit digits input field text confirm confirmation again repeat repeated retype verify new old current raw plain
		hash hashed encrypted string array list item data
		neu neue neues alt altes nueva nuevo actual nova novo atual nouveau nuova wiederholen wiederholung repetir confirmar`,
	modest: `zip post postal country area currency language lang locale discount promo coupon voucher bar qr sort order product item
		error status exit response http primary foreign public tracking tax vat region state city color colour airport iata bank
		branch department store event course reason rate plan size model part article sku category search group tag cache
		translation message ski season day week month boarding bus train`,
	compoundEnd: `code key pass pin pw otp`,
	holder: `user my db root admin new old auth login sms mail email otp mfa totp pin pass verify verification confirm confirmation security
		access activation activate recovery reset backup secret client app account api ssh host master encryption license licence signing
		shared storage service invite invitation mysql ftp smtp ldap wifi proxy card sim temp guest
		sicherheits bestätigungs bestaetigungs aktivierungs freischalt einmal`,
	nameMember:  `name key id field label param parameter attribute attr header property prop k n type`,
	valueMember: `value val content text v data answer input`,
	channel:     `email mail phone sms mobile tel link`,
	addressed: `mailto acct sip sips xmpp im email mail from to cc bcc user username login author owner assignee contact customer sender
		recipient member at smtp skype npm jsr pkg docker gh git feed`,
	idWord:       `id ids oid uid ref`,
	digestHolder: `commit commits sha sha1 sha256 md5 checksum digest etag avatar avatars gravatar blob tree upload uploads media thumbnail thumbnails thumbs attachments`,
})

// secretParts are looked for anywhere in a name.
var secretParts = newAutomaton(map[senses]string{
	secretWord: `token password passwd passphrase passcode secret apikey accesskey privatekey signature jwt samlresponse samlrequest
		cardnumber creditcard csrf xsrf pinnumber mnemonic seedphrase
		passwort kennwort contraseña contrasena contrasenya motdepasse palavrapasse wachtwoord lösenord losenord passord adgangskode salasana
		lozinka zaporka slaptažodis slaptazodis пароль парола лозинка 密码 密碼 口令 验证码 驗證碼 密钥 パスワード 暗証番号 認証コード 비밀번호 인증번호
		סיסמה סיסמא كلمةالمرور كلمةالسر รหัสผ่าน mậtkhẩu matkhau katasandi पासवर्ड`,
	commonWord: `session sessid credential authorization verifier`,
}).link()

// meaning returns what a name says that ends with a word of these senses.
func (s senses) meaning() meaning {
	switch {
	case s&secretWord != 0:
		return secret
	case s&announcingWord != 0:
		return announcing
	case s&commonWord != 0:
		return common
	}
	return harmless
}

// known returns what is readable behind a name of these senses although it is random.
func (s senses) known() (k known) {
	if s&idWord != 0 {
		k |= objectIDs
	}
	if s&digestHolder != 0 {
		k |= digests
	}
	return k
}
