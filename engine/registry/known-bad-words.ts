/** Words that passwords are made of most often, in the languages of the country: small letters only, at least four. */
export const KNOWN_BAD_WORDS: ReadonlySet<string> = new Set(
  `
password passwords passwort motdepasse wachtwoord wachtwoorden paswoord kennwort geheim geheimpje secret letmein
welcome welkom bienvenue willkommen bonjour hallo hello salut admin administrator administrateur beheerder root
login user gebruiker utilisateur benutzer guest gast invite test tester testing demo default changeme wijzigmij
changezmoi temporary tijdelijk temporaire system systeem qwerty qwertz azerty qwertyuiop azertyuiop qwertzuiop
asdfgh asdfghjkl qsdfghjklm asdf qsdf zxcvbn zxcvbnm wxcvbn yxcvbnm qazwsx qazwsxedc azeqsdwxc qweasd qweasdzxc
abcd abcde abcdef abcdefg abcdefgh abcdefghij aaaa aaaaaa aaaaaaaa aaaaaaaaaa zzzz xxxx xxxxxxxx
iloveyou ilovegod jetaime ikhouvanjou ichliebedich loveyou love amour liefde liefje schatje schat cheri cherie
princess prinses princesse prince monkey aapje dragon draak football voetbal fussball foot soccer baseball basketball
hockey tennis wielrennen superman batman spiderman starwars pokemon ninja master mustang ferrari porsche mercedes
harley yamaha suzuki toyota volvo audi shadow sunshine zonnetje soleil sonne summer zomer sommer winter hiver lente
printemps spring herfst automne autumn herbst january januari janvier februari fevrier maart mars april avril juni juin
juli juillet augustus august aout september septembre oktober october octobre november novembre december decembre
maandag dinsdag woensdag donderdag vrijdag zaterdag zondag lundi mardi mercredi jeudi vendredi samedi dimanche
monday tuesday wednesday thursday friday saturday sunday
belgie belgium belgique belgien brussel brussels bruxelles antwerpen anvers gent gand brugge bruges leuven louvain
luik liege namen namur charleroi mechelen hasselt vlaanderen flandre wallonie anderlecht clubbrugge standard genk
thomas michael michelle jessica charlie daniel andrew jordan jennifer ashley nicole matthew joshua robert william
george maggie buster tigger ginger pepper cookie chocolate chocolade chocolat banana banaan orange apple computer
internet facebook google linkedin twitter youtube microsoft windows samsung android iphone whatever freedom vrijheid
liberte killer hunter ranger jackson hendrix metallica nirvana slipknot trustno trustnoone access toegang acces
toegangsbeheer socialsecurity socialezekerheid securitesociale ebox mijnebox myebox rijksregister bedrijf onderneming
enterprise entreprise firma company boekhouding comptabilite accounting personeel personnel salaris salaire
kantoor bureau office werkgever employeur employer secretariaat secretariat
blablabla blabla lalala hahaha zomaar niets rien nothing iets something
soleilsoleil doudou loulou nounou chouchou papillon vlinder butterfly maman papa mama moeder vader family familie
famille snoopy garfield mickey minnie simba bella lucky max minou poes poesje hond hondje chien chat kitty
`
    .trim()
    .split(/\s+/),
);
