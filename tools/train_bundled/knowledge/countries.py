"""Countries: capital, continent, main language, currency, people. Knows nothing but the table."""

from __future__ import annotations

from .relation import Relation, column, rows

COUNTRIES = rows("""
Afghanistan|Kabul|Asia|Dari|the afghani|Afghans
Albania|Tirana|Europe|Albanian|the lek|Albanians
Algeria|Algiers|Africa|Arabic|the Algerian dinar|Algerians
Andorra|Andorra la Vella|Europe|Catalan|the euro|Andorrans
Angola|Luanda|Africa|Portuguese|the kwanza|Angolans
Antigua and Barbuda|Saint John's|North America|English|the East Caribbean dollar|Antiguans
Argentina|Buenos Aires|South America|Spanish|the Argentine peso|Argentines
Armenia|Yerevan|Asia|Armenian|the dram|Armenians
Australia|Canberra|Oceania|English|the Australian dollar|Australians
Austria|Vienna|Europe|German|the euro|Austrians
Azerbaijan|Baku|Asia|Azerbaijani|the manat|Azerbaijanis
the Bahamas|Nassau|North America|English|the Bahamian dollar|Bahamians
Bahrain|Manama|Asia|Arabic|the Bahraini dinar|Bahrainis
Bangladesh|Dhaka|Asia|Bengali|the taka|Bangladeshis
Barbados|Bridgetown|North America|English|the Barbadian dollar|Barbadians
Belarus|Minsk|Europe|Russian|the Belarusian ruble|Belarusians
Belgium|Brussels|Europe|Dutch|the euro|Belgians
Belize|Belmopan|North America|English|the Belize dollar|Belizeans
Benin|Porto-Novo|Africa|French|the CFA franc|Beninese
Bhutan|Thimphu|Asia|Dzongkha|the ngultrum|Bhutanese
Bolivia|Sucre|South America|Spanish|the boliviano|Bolivians
Bosnia and Herzegovina|Sarajevo|Europe|Bosnian|the convertible mark|Bosnians
Botswana|Gaborone|Africa|Tswana|the pula|Batswana
Brazil|Brasilia|South America|Portuguese|the real|Brazilians
Brunei|Bandar Seri Begawan|Asia|Malay|the Brunei dollar|Bruneians
Bulgaria|Sofia|Europe|Bulgarian|the euro|Bulgarians
Burkina Faso|Ouagadougou|Africa|French|the CFA franc|Burkinabe
Burundi|Gitega|Africa|Kirundi|the Burundian franc|Burundians
Cambodia|Phnom Penh|Asia|Khmer|the riel|Cambodians
Cameroon|Yaounde|Africa|French|the CFA franc|Cameroonians
Canada|Ottawa|North America|English|the Canadian dollar|Canadians
Cape Verde|Praia|Africa|Portuguese|the Cape Verdean escudo|Cape Verdeans
the Central African Republic|Bangui|Africa|Sango|the CFA franc|Central Africans
Chad|N'Djamena|Africa|French|the CFA franc|Chadians
Chile|Santiago|South America|Spanish|the Chilean peso|Chileans
China|Beijing|Asia|Mandarin Chinese|the yuan|Chinese
Colombia|Bogota|South America|Spanish|the Colombian peso|Colombians
the Comoros|Moroni|Africa|Comorian|the Comorian franc|Comorians
Costa Rica|San Jose|North America|Spanish|the colon|Costa Ricans
Croatia|Zagreb|Europe|Croatian|the euro|Croats
Cuba|Havana|North America|Spanish|the Cuban peso|Cubans
Cyprus|Nicosia|Asia|Greek|the euro|Cypriots
the Czech Republic|Prague|Europe|Czech|the koruna|Czechs
the Democratic Republic of the Congo|Kinshasa|Africa|French|the Congolese franc|Congolese
Denmark|Copenhagen|Europe|Danish|the Danish krone|Danes
Djibouti|Djibouti|Africa|French|the Djiboutian franc|Djiboutians
Dominica|Roseau|North America|English|the East Caribbean dollar|Dominicans
the Dominican Republic|Santo Domingo|North America|Spanish|the Dominican peso|Dominicans
East Timor|Dili|Asia|Tetum|the US dollar|Timorese
Ecuador|Quito|South America|Spanish|the US dollar|Ecuadorians
Egypt|Cairo|Africa|Arabic|the Egyptian pound|Egyptians
El Salvador|San Salvador|North America|Spanish|the US dollar|Salvadorans
Equatorial Guinea|-|Africa|Spanish|the CFA franc|Equatoguineans
Eritrea|Asmara|Africa|Tigrinya|the nakfa|Eritreans
Estonia|Tallinn|Europe|Estonian|the euro|Estonians
Eswatini|Mbabane|Africa|Swazi|the lilangeni|Swazis
Ethiopia|Addis Ababa|Africa|Amharic|the birr|Ethiopians
Fiji|Suva|Oceania|English|the Fijian dollar|Fijians
Finland|Helsinki|Europe|Finnish|the euro|Finns
France|Paris|Europe|French|the euro|the French
Gabon|Libreville|Africa|French|the CFA franc|Gabonese
the Gambia|Banjul|Africa|English|the dalasi|Gambians
Georgia|Tbilisi|Asia|Georgian|the lari|Georgians
Germany|Berlin|Europe|German|the euro|Germans
Ghana|Accra|Africa|English|the cedi|Ghanaians
Greece|Athens|Europe|Greek|the euro|Greeks
Grenada|Saint George's|North America|English|the East Caribbean dollar|Grenadians
Guatemala|Guatemala City|North America|Spanish|the quetzal|Guatemalans
Guinea|Conakry|Africa|French|the Guinean franc|Guineans
Guinea-Bissau|Bissau|Africa|Portuguese|the CFA franc|-
Guyana|Georgetown|South America|English|the Guyanese dollar|Guyanese
Haiti|Port-au-Prince|North America|Haitian Creole|the gourde|Haitians
Honduras|Tegucigalpa|North America|Spanish|the lempira|Hondurans
Hungary|Budapest|Europe|Hungarian|the forint|Hungarians
Iceland|Reykjavik|Europe|Icelandic|the Icelandic krona|Icelanders
India|New Delhi|Asia|Hindi|the Indian rupee|Indians
Indonesia|Jakarta|Asia|Indonesian|the rupiah|Indonesians
Iran|Tehran|Asia|Persian|the rial|Iranians
Iraq|Baghdad|Asia|Arabic|the Iraqi dinar|Iraqis
Ireland|Dublin|Europe|English|the euro|the Irish
Israel|Jerusalem|Asia|Hebrew|the shekel|Israelis
Italy|Rome|Europe|Italian|the euro|Italians
the Ivory Coast|Yamoussoukro|Africa|French|the CFA franc|Ivorians
Jamaica|Kingston|North America|English|the Jamaican dollar|Jamaicans
Japan|Tokyo|Asia|Japanese|the yen|the Japanese
Jordan|Amman|Asia|Arabic|the Jordanian dinar|Jordanians
Kazakhstan|Astana|Asia|Kazakh|the tenge|Kazakhs
Kenya|Nairobi|Africa|Swahili|the Kenyan shilling|Kenyans
Kiribati|South Tarawa|Oceania|Gilbertese|the Australian dollar|-
Kuwait|Kuwait City|Asia|Arabic|the Kuwaiti dinar|Kuwaitis
Kyrgyzstan|Bishkek|Asia|Kyrgyz|the som|Kyrgyz
Laos|Vientiane|Asia|Lao|the kip|Laotians
Latvia|Riga|Europe|Latvian|the euro|Latvians
Lebanon|Beirut|Asia|Arabic|the Lebanese pound|Lebanese
Lesotho|Maseru|Africa|Sotho|the loti|Basotho
Liberia|Monrovia|Africa|English|the Liberian dollar|Liberians
Libya|Tripoli|Africa|Arabic|the Libyan dinar|Libyans
Liechtenstein|Vaduz|Europe|German|the Swiss franc|Liechtensteiners
Lithuania|Vilnius|Europe|Lithuanian|the euro|Lithuanians
Luxembourg|Luxembourg|Europe|Luxembourgish|the euro|Luxembourgers
Madagascar|Antananarivo|Africa|Malagasy|the ariary|Malagasy
Malawi|Lilongwe|Africa|Chichewa|the Malawian kwacha|Malawians
Malaysia|Kuala Lumpur|Asia|Malay|the ringgit|Malaysians
the Maldives|Male|Asia|Dhivehi|the rufiyaa|Maldivians
Mali|Bamako|Africa|Bambara|the CFA franc|Malians
Malta|Valletta|Europe|Maltese|the euro|Maltese
the Marshall Islands|Majuro|Oceania|Marshallese|the US dollar|Marshallese
Mauritania|Nouakchott|Africa|Arabic|the ouguiya|Mauritanians
Mauritius|Port Louis|Africa|Mauritian Creole|the Mauritian rupee|Mauritians
Mexico|Mexico City|North America|Spanish|the Mexican peso|Mexicans
Micronesia|Palikir|Oceania|English|the US dollar|Micronesians
Moldova|Chisinau|Europe|Romanian|the leu|Moldovans
Monaco|Monaco|Europe|French|the euro|Monegasques
Mongolia|Ulaanbaatar|Asia|Mongolian|the tugrik|Mongolians
Montenegro|Podgorica|Europe|Montenegrin|the euro|Montenegrins
Morocco|Rabat|Africa|Arabic|the Moroccan dirham|Moroccans
Mozambique|Maputo|Africa|Portuguese|the metical|Mozambicans
Myanmar|Naypyidaw|Asia|Burmese|the kyat|Burmese
Namibia|Windhoek|Africa|English|the Namibian dollar|Namibians
Nauru|Yaren|Oceania|Nauruan|the Australian dollar|Nauruans
Nepal|Kathmandu|Asia|Nepali|the Nepalese rupee|Nepalis
the Netherlands|Amsterdam|Europe|Dutch|the euro|the Dutch
New Zealand|Wellington|Oceania|English|the New Zealand dollar|New Zealanders
Nicaragua|Managua|North America|Spanish|the cordoba|Nicaraguans
Niger|Niamey|Africa|Hausa|the CFA franc|-
Nigeria|Abuja|Africa|English|the naira|Nigerians
North Korea|Pyongyang|Asia|Korean|the North Korean won|North Koreans
North Macedonia|Skopje|Europe|Macedonian|the denar|Macedonians
Norway|Oslo|Europe|Norwegian|the Norwegian krone|Norwegians
Oman|Muscat|Asia|Arabic|the Omani rial|Omanis
Pakistan|Islamabad|Asia|Urdu|the Pakistani rupee|Pakistanis
Palau|Ngerulmud|Oceania|Palauan|the US dollar|Palauans
Panama|Panama City|North America|Spanish|the balboa|Panamanians
Papua New Guinea|Port Moresby|Oceania|Tok Pisin|the kina|Papua New Guineans
Paraguay|Asuncion|South America|Guarani|the guarani|Paraguayans
Peru|Lima|South America|Spanish|the sol|Peruvians
the Philippines|Manila|Asia|Filipino|the Philippine peso|Filipinos
Poland|Warsaw|Europe|Polish|the zloty|Poles
Portugal|Lisbon|Europe|Portuguese|the euro|the Portuguese
Qatar|Doha|Asia|Arabic|the Qatari riyal|Qataris
the Republic of the Congo|Brazzaville|Africa|French|the CFA franc|-
Romania|Bucharest|Europe|Romanian|the leu|Romanians
Russia|Moscow|Europe|Russian|the Russian ruble|Russians
Rwanda|Kigali|Africa|Kinyarwanda|the Rwandan franc|Rwandans
Saint Kitts and Nevis|Basseterre|North America|English|the East Caribbean dollar|-
Saint Lucia|Castries|North America|English|the East Caribbean dollar|Saint Lucians
Saint Vincent and the Grenadines|Kingstown|North America|English|the East Caribbean dollar|Vincentians
Samoa|Apia|Oceania|Samoan|the tala|Samoans
San Marino|San Marino|Europe|Italian|the euro|Sammarinese
Sao Tome and Principe|Sao Tome|Africa|Portuguese|the dobra|-
Saudi Arabia|Riyadh|Asia|Arabic|the Saudi riyal|Saudis
Senegal|Dakar|Africa|Wolof|the CFA franc|Senegalese
Serbia|Belgrade|Europe|Serbian|the Serbian dinar|Serbs
the Seychelles|Victoria|Africa|Seychellois Creole|the Seychellois rupee|Seychellois
Sierra Leone|Freetown|Africa|Krio|the leone|Sierra Leoneans
Singapore|Singapore|Asia|English|the Singapore dollar|Singaporeans
Slovakia|Bratislava|Europe|Slovak|the euro|Slovaks
Slovenia|Ljubljana|Europe|Slovene|the euro|Slovenes
the Solomon Islands|Honiara|Oceania|English|the Solomon Islands dollar|Solomon Islanders
Somalia|Mogadishu|Africa|Somali|the Somali shilling|Somalis
South Africa|Pretoria|Africa|Zulu|the rand|South Africans
South Korea|Seoul|Asia|Korean|the won|South Koreans
South Sudan|Juba|Africa|English|the South Sudanese pound|South Sudanese
Spain|Madrid|Europe|Spanish|the euro|Spaniards
Sri Lanka|Sri Jayawardenepura Kotte|Asia|Sinhala|the Sri Lankan rupee|Sri Lankans
Sudan|Khartoum|Africa|Arabic|the Sudanese pound|Sudanese
Suriname|Paramaribo|South America|Dutch|the Surinamese dollar|Surinamese
Sweden|Stockholm|Europe|Swedish|the Swedish krona|Swedes
Switzerland|Bern|Europe|German|the Swiss franc|the Swiss
Syria|Damascus|Asia|Arabic|the Syrian pound|Syrians
Taiwan|Taipei|Asia|Mandarin Chinese|the New Taiwan dollar|Taiwanese
Tajikistan|Dushanbe|Asia|Tajik|the somoni|Tajiks
Tanzania|Dodoma|Africa|Swahili|the Tanzanian shilling|Tanzanians
Thailand|Bangkok|Asia|Thai|the baht|Thais
Togo|Lome|Africa|French|the CFA franc|Togolese
Tonga|Nuku'alofa|Oceania|Tongan|the pa'anga|Tongans
Trinidad and Tobago|Port of Spain|North America|English|the Trinidad and Tobago dollar|Trinidadians
Tunisia|Tunis|Africa|Arabic|the Tunisian dinar|Tunisians
Turkey|Ankara|Asia|Turkish|the Turkish lira|Turks
Turkmenistan|Ashgabat|Asia|Turkmen|the Turkmen manat|Turkmens
Tuvalu|Funafuti|Oceania|Tuvaluan|the Australian dollar|Tuvaluans
Uganda|Kampala|Africa|English|the Ugandan shilling|Ugandans
Ukraine|Kyiv|Europe|Ukrainian|the hryvnia|Ukrainians
the United Arab Emirates|Abu Dhabi|Asia|Arabic|the UAE dirham|Emiratis
the United Kingdom|London|Europe|English|the pound sterling|the British
the United States|Washington, D.C.|North America|English|the US dollar|Americans
Uruguay|Montevideo|South America|Spanish|the Uruguayan peso|Uruguayans
Uzbekistan|Tashkent|Asia|Uzbek|the Uzbek som|Uzbeks
Vanuatu|Port Vila|Oceania|Bislama|the vatu|-
Vatican City|Vatican City|Europe|Italian|the euro|-
Venezuela|Caracas|South America|Spanish|the bolivar|Venezuelans
Vietnam|Hanoi|Asia|Vietnamese|the dong|Vietnamese
Yemen|Sanaa|Asia|Arabic|the Yemeni rial|Yemenis
Zambia|Lusaka|Africa|English|the Zambian kwacha|Zambians
Zimbabwe|Harare|Africa|Shona|-|Zimbabweans
""")

RELATIONS = (
    Relation(
        "capital",
        "geography",
        column(COUNTRIES, 1),
        "the capital of {s}",
        (
            "Which city is the capital of {s}?",
            "What is the capital city of {s}?",
            "What's {s}'s capital?",
            "Capital of {s}?",
            "{s} capital?",
            "Which city is {s}'s capital?",
        ),
        back=(
            "{o} is the capital of which country?",
            "Which country has {o} as its capital?",
            "Which country's capital is {o}?",
            "What country is {o} the capital of?",
            "{o} is the capital of what country?",
        ),
        kind="place",
    ),
    Relation(
        "continent",
        "geography",
        column(COUNTRIES, 2),
        "the continent of {s}",
        (
            "Which continent is {s} in?",
            "On which continent is {s}?",
            "On what continent does {s} lie?",
            "What continent is {s} on?",
            "In which part of the world is {s}?",
            "Where is {s}?",
            "Where is {s} located?",
            "Which continent does {s} belong to?",
        ),
        say="{s} is in {o}.",
        kind="place",
    ),
    Relation(
        "language",
        "languages",
        column(COUNTRIES, 3),
        "the main language of {s}",
        (
            "What language do people speak in {s}?",
            "Which language is spoken in {s}?",
            "What do they speak in {s}?",
            "What language is spoken in {s}?",
            "What is the language of {s}?",
            "Which language do they speak in {s}?",
        ),
        kind="place",
    ),
    Relation(
        "currency",
        "economics",
        column(COUNTRIES, 4),
        "the currency of {s}",
        (
            "What currency does {s} use?",
            "What money do they use in {s}?",
            "Which currency is used in {s}?",
            "What do people pay with in {s}?",
            "What is {s}'s currency?",
            "With what money does one pay in {s}?",
        ),
        kind="place",
    ),
    Relation(
        "people",
        "geography",
        column(COUNTRIES, 5),
        "the name for people from {s}",
        (
            "What are people from {s} called?",
            "What do you call people from {s}?",
            "What do we call someone from {s}?",
            "How do you call the people of {s}?",
        ),
        say="People from {s} are called {o}.",
        kind="place",
    ),
)
